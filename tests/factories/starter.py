"""The starter catalogue, loaded once by the action that loads it. Afterwards its rows are put back as they were then:
nearly every test needs it, and to load it takes longer than most tests."""

from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction

from accounts import audit
from tiers.actions.catalogue import Load, StarterFiles, load_starter_catalogue
from tiers.actions.edits import lock_catalogue

TABLES: Final = ("tiers_tier", "tiers_operation", "tiers_aimodel", "tiers_servedoperation")
BY: Final = audit.Task("tests")
_IS_NEW: Final = " AND ".join(f"NOT EXISTS (SELECT 1 FROM {table})" for table in TABLES)  # noqa: S608 (our own tables)


@dataclass(frozen=True)
class _Loaded:
    """What the action said it did, and the rows that it made in this process's database, by table, as JSON. Their ids
    were drawn from the sequences, which give none twice."""

    done: Load
    rows: tuple[str, ...]


_loaded: dict[str, _Loaded] = {}


def catalogue() -> None:
    """The starter catalogue: anonymous, seed (self-service), flower and nectar, and its models."""
    name = str(connection.settings_dict["NAME"])
    with transaction.atomic():
        if not _is_new():
            load_starter_catalogue(by=BY)
        elif name in _loaded:
            _put_back(_loaded[name])
        else:
            _loaded[name] = _Loaded(load_starter_catalogue(by=BY), _rows())


def _is_new() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_IS_NEW}")
        return bool(cursor.fetchone()[0])


def _rows() -> tuple[str, ...]:
    asked = ", ".join(f"(SELECT json_agg(row) FROM {table} row)::text" for table in TABLES)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        return tuple(cursor.fetchone())


def _put_back(loaded: _Loaded) -> None:
    lock_catalogue()
    with connection.cursor() as cursor:
        for table, rows in zip(TABLES, loaded.rows, strict=True):
            cursor.execute(f"INSERT INTO {table} SELECT * FROM json_populate_recordset(null::{table}, %s)", [rows])  # noqa: S608
    after = {"created": loaded.done.created, "updated": loaded.done.updated}
    audit.record("catalogue.loaded", StarterFiles(), by=BY, workspace=None, after=after)
