"""Imports point down only: config → tokens → tiers → accounts."""

import ast
from collections.abc import Iterator

import pytest

from tests.guards.sources import Source, sources

ABOVE = {
    "accounts": {"tiers", "tokens", "config"},
    "tiers": {"tokens", "config"},
    "tokens": {"config"},
    "config": set(),
}
# file → the storey above that it may import, and why.
EXCEPTIONS: dict[tuple[str, str], str] = {}
# What decides from values alone reads neither the database nor Redis, so that it can be tested on any value.
PURE = (
    "tiers/entitlements.py",
    "tokens/gateway/decision.py",
    "tokens/gateway/gcra.py",
    "tokens/gateway/limits.py",
    "tokens/gateway/local_limits.py",
    "tokens/keys.py",
    "tokens/lifecycle.py",
    "tokens/rules/conditions.py",
    "tokens/rules/matching.py",
)
INPUT_AND_OUTPUT = {"django.db", "redis", "psycopg", "django.core.cache", "httpx", "celery", "socket", "requests"}


def imported(source: Source) -> Iterator[str]:
    """Whole module names, those in functions and under TYPE_CHECKING too."""
    package = source.path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *(node.module.split(".") if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("storey", ABOVE)
def test_a_storey_imports_nothing_above_it(storey: str) -> None:
    wrong = [
        f"{source.path} imports {name}"
        for source in sources(storey)
        for name in imported(source)
        if (above := name.split(".")[0]) in ABOVE[storey] and (source.path, above) not in EXCEPTIONS
    ]
    assert wrong == []


def test_pure_modules_read_nothing_but_their_arguments() -> None:
    wrong = [
        f"{source.path} imports {name}"
        for source in sources("accounts", "tiers", "tokens")
        if source.path in PURE
        for name in imported(source)
        if any(name == module or name.startswith(f"{module}.") for module in INPUT_AND_OUTPUT)
    ]
    assert wrong == []


def test_nothing_but_tests_imports_tests() -> None:
    wrong = [source.path for source in sources(*ABOVE) for name in imported(source) if name.split(".")[0] == "tests"]
    assert wrong == []
