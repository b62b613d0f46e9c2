"""A figure is a name, a number, and a word on what was measured."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    about: str


def per_second(call: Callable[[], object], seconds: float = 1.0) -> float:
    """Calls a second, in this process and thread."""
    count, start = 0, perf_counter()
    while (elapsed := perf_counter() - start) < seconds:
        for _ in range(100):
            call()
        count += 100
    return round(count / elapsed, 1)


def share(values: list[float], part: float) -> float:
    """What `part` of the values do not exceed."""
    return round(sorted(values)[max(0, ceil(len(values) * part) - 1)], 2)


def table(figures: list[Figure]) -> str:
    width = max((len(figure.name) for figure in figures), default=0)
    return "\n".join(f"{figure.name:<{width}}  {_shown(figure.value):>12}  {figure.about}" for figure in figures)


def _shown(value: float) -> str:
    return f"{value:,.2f}" if value >= 1 else f"{value:,.4f}"
