"""The project's Python files, parsed once for all guards."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
STOREYS = ("accounts", "tiers", "tokens", "config")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    def functions(self) -> Iterator[tuple[str, int]]:
        """Each function's name and length in lines."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield f"{self.path}::{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Everything but migrations, which are generated."""
    found = sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))
    return tuple(
        Source(str(path.relative_to(PROJECT)), text := path.read_text(), ast.parse(text))
        for path in found
        if "migrations" not in path.parts
    )


def ninetieth(values: list[int]) -> int:
    return sorted(values)[int(len(values) * 0.9)]
