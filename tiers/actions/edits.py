"""What every edit of the catalogue does: wait for its turn, take the columns that may change, say what they were."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db import models

from tiers.models import CatalogueVersion


def lock_catalogue() -> None:
    """One change at a time, until the transaction ends. Every change raises this row's version anyway."""
    CatalogueVersion.objects.get_or_create(pk=1)
    CatalogueVersion.objects.select_for_update(no_key=True).get(pk=1)


def only(values: Mapping[str, Any], editable: Collection[str]) -> dict[str, Any]:
    """Raises ValueError for a column that may not be edited."""
    unknown = values.keys() - set(editable)
    if unknown:
        raise ValueError(f"not editable: {sorted(unknown)}")
    return dict(values)


def told(row: models.Model, names: Collection[str]) -> dict[str, Any]:
    """The columns as JSON values: rows by their name, instants in ISO form."""
    return {name: _json(getattr(row, name)) for name in names}


def _json(value: Any) -> Any:
    if value is None or isinstance(value, str | int | list):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
