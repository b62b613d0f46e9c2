"""`make bench`: every benchmark in turn, a table on the terminal, and the figures in `var/bench.json`."""

import json
import sys

import django

from tests.benchmarks.figures import Figure, table
from tests.environment import CLONE

django.setup()

from tests.benchmarks import decisions, keys, purchases, revocations  # noqa: E402  They need the models.

# Modules with a measure() that yields figures. One that cannot measure on this machine yields none.
BENCHMARKS = (keys, decisions, revocations, purchases)


def main() -> int:
    figures: list[Figure] = []
    for benchmark in BENCHMARKS:
        sys.stderr.write(f"{benchmark.__name__.rsplit('.', 1)[-1]} …\n")
        figures += benchmark.measure()
    path = CLONE / "var" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({figure.name: figure.value for figure in figures}, indent=2) + "\n")
    print(table(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
