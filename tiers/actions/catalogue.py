"""Changes to the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import models, transaction

from accounts import audit
from tiers import starter
from tiers.actions.edits import lock_catalogue
from tiers.models import LIMITS, AIModel, Operation, ServedOperation, Tier


@dataclass(slots=True)
class StarterFiles:
    """What the audit event of a load is about."""

    public_id: str = "starter"

    def __str__(self) -> str:
        return "starter catalogue"


@dataclass(frozen=True, slots=True)
class Load:
    """What a load did, by name. `skipped` says why something in the files was left out."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def load_starter_catalogue(
    *, by: audit.Task | audit.System, update: bool = False, folder: Path = starter.FOLDER
) -> Load:
    """Add what the files have and the catalogue lacks; with `update`, also make what it has as in the files.

    Without it, nothing that exists is touched: staff may have edited it. An entry that would clash with something
    of theirs (a taken rank, alias or endpoint) is skipped and said so, since every start of the demo loads again.
    Raises StarterCatalogueError before anything is changed."""
    files = starter.read(folder)
    with transaction.atomic():
        lock_catalogue()
        loader = _Loader(update)
        for tier in files.tiers:
            loader.load_tier(tier)
        for operation in files.operations:
            loader.load_operation(operation)
        for model in files.models:
            loader.load_model(model)
        loader.create_models()
        loader.link(files)
        done = loader.done
        if done.created or done.updated:
            after = {"created": done.created, "updated": done.updated}
            audit.record("catalogue.loaded", StarterFiles(), by=by, workspace=None, after=after)
    return done


class _Loader:
    """One load, within its transaction. Holds the catalogue by slug and name, so that a repeat costs few queries."""

    def __init__(self, update: bool) -> None:
        self.update = update
        self.done = Load()
        self.tiers = {tier.slug: tier for tier in Tier.objects.all()}
        self.operations = {operation.slug: operation for operation in Operation.objects.all()}
        self.models = {model.name: model for model in AIModel.objects.all()}
        self.writable: set[str] = set()
        self.new: dict[str, tuple[AIModel, tuple[str, ...]]] = {}

    def load_tier(self, entry: starter.TierEntry) -> None:
        if self._is_kept(entry.slug in self.tiers):
            return
        rivals = [t.slug for t in self.tiers.values() if t.rank == entry.rank and t.slug != entry.slug]
        if rivals:
            self.done.skipped.append(f"tier {entry.slug}: rank {entry.rank} is taken by {rivals[0]}")
            return
        tier = self.tiers.setdefault(entry.slug, Tier(slug=entry.slug))
        names = ("name", "rank", *LIMITS, "self_service", "colour", "description")
        self._write(tier, f"tier {entry.slug}", {name: getattr(entry, name) for name in names})

    def load_operation(self, entry: starter.OperationEntry) -> None:
        if self._is_kept(entry.slug in self.operations):
            return
        others = (o for o in self.operations.values() if o.slug != entry.slug)
        taken = {endpoint: o.slug for o in others for endpoint in o.endpoints}
        clash = next((endpoint for endpoint in entry.endpoints if endpoint in taken), None)
        if clash:
            self.done.skipped.append(f"operation {entry.slug}: {clash} is taken by {taken[clash]}")
            return
        operation = self.operations.setdefault(entry.slug, Operation(slug=entry.slug))
        values = {"label": entry.label, "endpoints": list(entry.endpoints), "sends": entry.sends}
        self._write(operation, f"operation {entry.slug}", values)
        self.writable.add(f"operation {entry.slug}")

    def load_model(self, entry: starter.ModelEntry) -> None:
        if self._is_kept(entry.name in self.models):
            return
        problem = self._clash(entry)
        if problem:
            self.done.skipped.append(f"model {entry.name}: {problem}")
            return
        model = self.models.setdefault(entry.name, AIModel(name=entry.name))
        names = "family gated early_access_from early_access_until retired_at cost description"
        values: dict[str, Any] = {name: getattr(entry, name) for name in names.split()}
        values["aliases"] = list(entry.aliases)
        values["tier"] = self.tiers[entry.tier] if entry.tier else None
        if model.pk is None:
            for name, value in values.items():
                setattr(model, name, value)
            self.new[entry.name] = model, entry.operations
            self.done.created.append(f"model {entry.name}")
        else:
            self._write(model, f"model {entry.name}", values)
            self._serve(model, entry.operations)
        self.writable.add(f"model {entry.name}")

    def create_models(self) -> None:
        """Those that are new, which are all of them the first time, in two statements."""
        AIModel.objects.bulk_create(model for model, _ in self.new.values())
        ServedOperation.objects.bulk_create(
            ServedOperation(model=model, operation_id=pk)
            for model, slugs in self.new.values()
            for pk in sorted(self.operations[slug].pk for slug in set(slugs))
        )

    def link(self, files: starter.StarterCatalogue) -> None:
        """What points to a model is set once all of them exist, on the entries just written alone."""
        for entry in files.models:
            if f"model {entry.name}" in self.writable:
                successor = self.models.get(entry.successor or "")
                self._write(self.models[entry.name], f"model {entry.name}", {"successor": successor})
        for operation in files.operations:
            if f"operation {operation.slug}" in self.writable:
                default = self.models.get(operation.default_model or "")
                row = self.operations[operation.slug]
                self._write(row, f"operation {operation.slug}", {"default_model": default})

    def _is_kept(self, exists: bool) -> bool:
        return exists and not self.update

    def _clash(self, entry: starter.ModelEntry) -> str:
        if entry.tier and entry.tier not in self.tiers:
            return f"there is no tier {entry.tier}"
        missing = [slug for slug in entry.operations if slug not in self.operations]
        if missing:
            return f"there is no operation {missing[0]}"
        others = (model for model in self.models.values() if model.name != entry.name)
        taken = {name: model.name for model in others for name in (model.name, *model.aliases)}
        clash = next((name for name in (entry.name, *entry.aliases) if name in taken), None)
        return f"{clash} is taken by {taken[clash]}" if clash else ""

    def _write(self, row: models.Model, label: str, values: dict[str, Any]) -> None:
        """Save the values that differ. A first save is a creation, a later one of the same load is part of it."""
        changed = [name for name, value in values.items() if row.pk is None or getattr(row, name) != value]
        for name in changed:
            setattr(row, name, values[name])
        if row.pk is None:
            row.save()
            self.done.created.append(label)
        elif changed:
            row.save(update_fields=changed)
            self._note_update(label)

    def _serve(self, model: AIModel, slugs: Iterable[str]) -> None:
        """Make the model served by exactly these operations."""
        wanted = {self.operations[slug].pk for slug in slugs}
        had = set(model.served.values_list("operation_id", flat=True))
        if had - wanted:
            model.served.exclude(operation_id__in=wanted).delete()
        ServedOperation.objects.bulk_create(
            ServedOperation(model=model, operation_id=pk) for pk in sorted(wanted - had)
        )
        if wanted != had:
            self._note_update(f"model {model.name}")

    def _note_update(self, label: str) -> None:
        if label not in self.done.created and label not in self.done.updated:
            self.done.updated.append(label)
