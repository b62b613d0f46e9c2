"""Compiles message catalogues without GNU gettext, which a bare machine does not have."""

import os
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

# Babel reads past a quote that is missing.
LINE = re.compile(r'(#.*|(msg\w+(\[\d+\])?\s+)?"(?:[^"\\]|\\.)*")?')


def sources(folders: list[Path]) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.po"))


def compile_stale(folders: list[Path]) -> list[Path]:
    """Compile what is newer than its compiled form, each in one step, so that a reader never sees half."""
    done = []
    for source in sources(folders):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        compiled = BytesIO()
        write_mo(compiled, _read(source))
        draft = target.with_suffix(f".{os.getpid()}")
        draft.write_bytes(compiled.getvalue())
        draft.rename(target)
        done.append(source)
    return done


def problems(folders: list[Path]) -> Iterator[str]:
    """What is wrong with the catalogues: broken files, fuzzy messages, placeholders that differ."""
    for source in sources(folders):
        for number, line in enumerate(source.read_text("utf-8").splitlines(), start=1):
            if not LINE.fullmatch(line.strip()):
                yield f"{source}:{number}: is not a line of a catalogue"
        try:
            catalogue = _read(source)
        except PoFileError as error:
            yield f"{source}: {error}"
            continue
        for message in catalogue:
            if message.id and message.fuzzy:
                yield f"{source}: {message.id!r} is marked fuzzy, so it is not used"
            for problem in message.check(catalogue):
                yield f"{source}: {message.id!r}: {problem}"


def _read(source: Path) -> Catalog:
    with source.open("rb") as lines:
        return read_po(lines, abort_invalid=True)
