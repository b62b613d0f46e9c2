"""A state is written by actions alone, so that no change goes without its audit event."""

import ast
from collections.abc import Iterator

from tests.guards.sources import Source, sources

FIELDS = {"state", "status"}
WRITES = {"update", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
# path → why it may write one.
EXCEPTIONS: dict[str, str] = {}


def written(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if isinstance(target, ast.Attribute) and target.attr in FIELDS and not _on_self(target):
                yield f"{source.path}:{node.lineno} assigns .{target.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            for keyword in node.keywords:
                if keyword.arg in FIELDS:
                    yield f"{source.path}:{node.lineno} calls .{node.func.attr}({keyword.arg}=…)"


def _on_self(target: ast.Attribute) -> bool:
    return isinstance(target.value, ast.Name) and target.value.id == "self"


def test_only_actions_write_a_state() -> None:
    wrong = [
        place
        for source in sources("accounts", "tiers", "tokens", "config")
        if "/actions/" not in source.path and source.path not in EXCEPTIONS
        for place in written(source)
    ]
    assert wrong == []
