"""The starter catalogue: tiers, operations and models as TOML files, read and checked as a whole before any is used.

No database. Its problems are told to whoever edits the files, in English, as commands do.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

FOLDER: Final = Path(__file__).parent / "catalogue"
COLOURS: Final = frozenset({"anonymous", "seed", "flower", "nectar"})  # As in the stylesheet.

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,99}")
_ENDPOINT: Final = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) (?:/(?!\.{1,2}(?:/|$))(?:[A-Za-z0-9._~-]+|\{[a-z_]+\}))+")
_REST: Final = "{prompt}"


class StarterCatalogueError(ValueError):
    """The files cannot be used. `problems` names every entry that is wrong, not the first alone."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class TierEntry:
    """`rank` orders the rungs from 0. An absent allowance is unlimited."""

    slug: str
    name: str
    rank: int
    requests_per_minute: int
    requests_per_day: int | None = None
    requests_per_month: int | None = None
    concurrent_calls: int | None = None
    self_service: bool = False
    colour: str = "anonymous"
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationEntry:
    slug: str
    label: str
    endpoints: tuple[str, ...]
    sends: str = ""
    default_model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """Either `tier`, the lowest that opens it, or `gated`. Times carry their offset."""

    name: str
    family: str
    operations: tuple[str, ...]
    aliases: tuple[str, ...] = ()
    tier: str | None = None
    gated: bool = False
    early_access_from: datetime | None = None
    early_access_until: datetime | None = None
    retired_at: datetime | None = None
    successor: str | None = None
    cost: int = 1
    description: str = ""


@dataclass(frozen=True, slots=True)
class StarterCatalogue:
    tiers: tuple[TierEntry, ...]
    operations: tuple[OperationEntry, ...]
    models: tuple[ModelEntry, ...]


def read(folder: Path = FOLDER) -> StarterCatalogue:
    """Read `tiers.toml`, `operations.toml` and `models/*.toml`. Raises StarterCatalogueError with all problems."""
    problems: list[str] = []
    starter = StarterCatalogue(
        tiers=_entries(TierEntry, "tiers", [folder / "tiers.toml"], problems),
        operations=_entries(OperationEntry, "operations", [folder / "operations.toml"], problems),
        models=_entries(ModelEntry, "models", sorted((folder / "models").glob("*.toml")), problems),
    )
    problems = problems or list(find_problems(starter))
    if problems:
        raise StarterCatalogueError(problems)
    return starter


Entry = TypeVar("Entry", TierEntry, OperationEntry, ModelEntry)


def _entries(kind: type[Entry], key: str, paths: Iterable[Path], problems: list[str]) -> tuple[Entry, ...]:
    found: list[Entry] = []
    for path in paths:
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:  # Broken TOML and broken UTF-8 are ValueErrors.
            problems.append(f"{path.name}: {error}")
            continue
        rows = document.pop(key, [])
        problems.extend(f"{path.name}: unknown table {name!r}" for name in document)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            problems.append(f"{path.name}: write [[{key}]] for each entry")
            continue
        for place, row in enumerate(rows, 1):
            label = f"{path.name}: {row.get('slug') or row.get('name') or f'entry {place}'}"
            wrong = list(_misfits(kind, row, label))
            problems.extend(wrong)
            if not wrong:
                values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
                found.append(kind(**values))
    return tuple(found)


def _misfits(kind: type, row: dict[str, Any], label: str) -> Iterator[str]:
    hints = get_type_hints(kind)
    for name in row.keys() - hints.keys():
        yield f"{label}: unknown field {name!r}"
    for field in fields(kind):
        if field.name not in row:
            if field.default is MISSING:
                yield f"{label}: {field.name} is missing"
        elif not _fits(row[field.name], hints[field.name]):
            yield f"{label}: {field.name} has a wrong type: {row[field.name]!r}"


def _fits(value: object, hint: Any) -> bool:
    if isinstance(hint, UnionType):
        return any(_fits(value, each) for each in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def find_problems(starter: StarterCatalogue) -> Iterator[str]:
    """Everything that is wrong between well-formed entries, one line each."""
    yield from _repeated("tier", (tier.slug for tier in starter.tiers))
    yield from _repeated("rank", (str(tier.rank) for tier in starter.tiers))
    yield from _repeated("operation", (operation.slug for operation in starter.operations))
    yield from _repeated(
        "endpoint",
        (re.sub(r"\{\w+\}", "{}", path) for operation in starter.operations for path in operation.endpoints),
    )
    yield from _repeated("model name or alias", (n for m in starter.models for n in (m.name, *m.aliases)))
    for tier in starter.tiers:
        yield from _tier_problems(tier)
    models = {model.name: model for model in starter.models}
    for operation in starter.operations:
        yield from _operation_problems(operation, models)
    tiers = {tier.slug for tier in starter.tiers}
    operations = {operation.slug for operation in starter.operations}
    for model in starter.models:
        yield from _model_problems(model, tiers, operations)
        yield from _lifetime_problems(model, models)


def _repeated(what: str, values: Iterable[str]) -> Iterator[str]:
    yield from (f"{what} {value!r} is given {n} times" for value, n in Counter(values).items() if n > 1)


def _tier_problems(tier: TierEntry) -> Iterator[str]:
    if not _SLUG.fullmatch(tier.slug):
        yield f"tier {tier.slug!r}: not a slug"
    if tier.rank < 0:
        yield f"tier {tier.slug}: rank is below 0"
    for field in ("requests_per_minute", "requests_per_day", "requests_per_month", "concurrent_calls"):
        limit = getattr(tier, field)
        if limit is not None and limit < 1:
            yield f"tier {tier.slug}: {field} is below 1"
    if tier.colour not in COLOURS:
        yield f"tier {tier.slug}: unknown colour {tier.colour!r}"


def _operation_problems(operation: OperationEntry, models: dict[str, ModelEntry]) -> Iterator[str]:
    label = f"operation {operation.slug}"
    if not _SLUG.fullmatch(operation.slug):
        yield f"{label}: not a slug"
    if not operation.endpoints:
        yield f"{label}: has no endpoint"
    for endpoint in operation.endpoints:
        if not _ENDPOINT.fullmatch(endpoint) or _REST in endpoint.removesuffix(_REST):
            yield f"{label}: bad endpoint {endpoint!r}, write METHOD /path/{{name}} with {_REST} last alone"
    if operation.default_model is None:
        return
    default = models.get(operation.default_model)
    if default is None:
        yield f"{label}: unknown default_model {operation.default_model!r}"
    elif operation.slug not in default.operations:
        yield f"{label}: its default_model {default.name} does not serve it"


def _model_problems(model: ModelEntry, tiers: set[str], operations: set[str]) -> Iterator[str]:
    label = f"model {model.name}"
    yield from (f"{label}: bad name {n!r}" for n in (model.name, *model.aliases) if not _NAME.fullmatch(n))
    if model.gated == (model.tier is not None):
        yield f"{label}: give it either a tier or gated = true"
    if model.tier is not None and model.tier not in tiers:
        yield f"{label}: unknown tier {model.tier!r}"
    if not model.operations:
        yield f"{label}: has no operation"
    yield from (f"{label}: unknown operation {slug!r}" for slug in model.operations if slug not in operations)
    yield from _repeated(f"{label}: operation", model.operations)
    if model.cost < 1:
        yield f"{label}: cost is below 1"


def _lifetime_problems(model: ModelEntry, models: dict[str, ModelEntry]) -> Iterator[str]:
    label = f"model {model.name}"
    start, end = model.early_access_from, model.early_access_until
    for instant in (start, end, model.retired_at):
        if instant is not None and instant.tzinfo is None:
            yield f"{label}: {instant} has no offset, write 2026-11-01T00:00:00Z"
            return
    if (start is None) != (end is None) or (start and end and end <= start):
        yield f"{label}: early access needs a from and a later until"
    if model.successor is None:
        return
    successor = models.get(model.successor)
    if successor is None:
        yield f"{label}: unknown successor {model.successor!r}"
    elif successor.retired_at is not None:
        yield f"{label}: its successor {successor.name} is retired or is to be"
