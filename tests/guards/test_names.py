"""Modules are named after what is in them."""

from pathlib import PurePosixPath

from tests.guards.sources import STOREYS, sources

EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "tools", "base", "core"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    wrong = [
        source.path
        for source in sources(*STOREYS, "tests")
        if EMPTY_WORDS & {part.removesuffix(".py") for part in PurePosixPath(source.path).parts}
    ]
    assert wrong == []
