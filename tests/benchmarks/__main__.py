"""`make bench`: every benchmark in turn, a table on the terminal, and the figures in `var/bench.json`.

`python -m tests.benchmarks decisions` measures that alone, and keeps the other figures of the file. `--quick` measures
so little that it only shows that all runs, and writes no file."""

import json
import signal
import sys
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, ModuleType
from typing import NoReturn

import django
import pytest

from tests.benchmarks.figures import Figure, table
from tests.benchmarks.scale import FULL, QUICK
from tests.environment import CLONE

django.setup()

from tests.benchmarks import behind_nginx, decisions, grants, growth, keys, purchases, queue, revocations  # noqa: E402

# Modules with a measure(scale) that yields figures. One that cannot measure on this machine yields none.
BENCHMARKS: dict[str, ModuleType] = {
    module.__name__.rsplit(".", 1)[-1]: module
    for module in (keys, decisions, growth, behind_nginx, revocations, grants, purchases, queue)
}
PATH = CLONE / "var" / "bench.json"


def main(arguments: list[str]) -> int:
    scale = QUICK if "--quick" in arguments else FULL
    named = [name for name in arguments if name != "--quick"]
    if wrong := set(named) - BENCHMARKS.keys():
        sys.stderr.write(f"There is no benchmark {', '.join(sorted(wrong))}: choose of {', '.join(BENCHMARKS)}.\n")
        return 2
    signal.signal(signal.SIGTERM, _end)
    figures, failed = [], []
    for name in named or BENCHMARKS:
        began = time.monotonic()
        sys.stderr.write(f"{name} …\n")
        try:
            figures += list(BENCHMARKS[name].measure(scale))
        except (Exception, pytest.fail.Exception):  # noqa: BLE001 (the others are measured all the same)
            traceback.print_exc()
            failed.append(name)
        sys.stderr.write(f"  {time.monotonic() - began:.0f} s\n")
        if scale is FULL:
            _write(PATH, figures, keep=bool(named))
    print(table(figures))
    if failed:
        sys.stderr.write(f"Failed: {', '.join(failed)}.\n")
    return int(bool(failed))


def _write(path: Path, figures: Iterable[Figure], *, keep: bool) -> None:
    """What was measured so far. `keep`: beside the figures that are there."""
    before = json.loads(path.read_text()) if keep and path.exists() else {}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**before, **{figure.name: figure.value for figure in figures}}, indent=2) + "\n")


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """As Ctrl-C does, so that all that was started is ended."""
    raise SystemExit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
