"""Offline orders as a spreadsheet has them: a CSV file read as a whole and judged row by row, before anything is done.

Columns, in any order: `reference`, `workspace` (its id), `product` (its slug), `amount` (in whole units of the
currency, with a point: 19.00), `currency`, `paid_at` (a day, or a time with its offset), and `note`, which may be
missing. By commas or semicolons, in UTF-8."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Final

from babel.numbers import get_currency_precision
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from accounts import clock
from accounts.errors import Invalid
from tiers import offline_orders
from tiers.models import Provider, ProviderEvent
from tiers.offline_orders import Offline
from tiers.order_states import Offer
from tiers.product_rules import check_currency
from tiers.selectors import order_facts

COLUMNS: Final = ("reference", "workspace", "product", "amount", "currency", "paid_at", "note")
LARGEST_FILE: Final = 1 << 20
MOST_ROWS: Final = 2000
_LONGEST_CELL: Final = 1000
_AMOUNT: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,4})?")
# A spreadsheet takes a cell that begins so for a formula, and runs it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its number in the file, its cells as typed, what is wrong with it, or else what it will do."""

    number: int
    values: dict[str, str]
    errors: list[str] = field(default_factory=list)
    effect: str = ""
    offline: Offline | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """`errors` are those of the file as a whole; with any of them there are no rows."""

    rows: list[Row]
    errors: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether all of it can be imported."""
        return bool(self.rows) and not self.errors and not any(row.errors for row in self.rows)


def read_csv(file: bytes) -> Sheet:
    """Judge a file. Reads the database, a few queries however long it is; writes nothing."""
    try:
        lines = _lines(file)
    except Invalid as error:
        return Sheet([], [str(error.message)])
    return Sheet(list(_Judge([values for _number, values in lines]).rows(lines)))


def as_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def with_findings(sheet: Sheet) -> str:
    """The same rows as CSV, each with what was found, for whoever puts the file right."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, "found"])
    for row in sheet.rows:
        found = " ".join(row.errors) or row.effect
        writer.writerow([as_cell(row.values.get(name, "")) for name in COLUMNS] + [as_cell(found)])
    return out.getvalue()


# --- The file --------------------------------------------------------------------------------------------------


def _lines(file: bytes) -> list[tuple[int, dict[str, str]]]:
    """The rows by the number of their line, empty ones left out. Raises Invalid for a file that cannot be read."""
    if len(file) > LARGEST_FILE:
        raise Invalid(_("The file is larger than 1 MiB."))
    try:
        text = file.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(_("The file is not in UTF-8. Save it as “CSV UTF-8”.")) from None
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header)
        lines = [(reader.line_num, _named(header, cells)) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise Invalid(_("Line %(line)d cannot be read as CSV.") % {"line": reader.line_num}) from None
    if not lines:
        raise Invalid(_("The file has no rows."))
    if len(lines) > MOST_ROWS:
        raise Invalid(_("The file has more than 2,000 rows. Import it in parts."))
    return lines


def _check_header(header: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in header and name != "note"]
    if missing:
        raise Invalid(_("The first line has to name the columns. Missing: %(names)s.") % {"names": ", ".join(missing)})
    unknown = [name for name in header if name not in COLUMNS]
    if unknown:
        names = ", ".join(name[:40] for name in unknown)
        raise Invalid(_("The first line names columns that nobody knows: %(names)s.") % {"names": names})
    if len(set(header)) < len(header):
        raise Invalid(_("The first line names a column twice."))


def _named(header: list[str], cells: list[str]) -> dict[str, str]:
    """Cells by the name of their column; those too many under a name that no column has."""
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    return values if len(cells) == len(header) else {**values, "": "?"}


# --- Row by row ------------------------------------------------------------------------------------------------


class _Judge:
    """Judges the rows of one file, with what the database knows of all of them."""

    def __init__(self, values: list[dict[str, str]]) -> None:
        self.now = clock.now()
        self.offers: dict[str, list[Offer]] = order_facts.offers(_cells(values, "product"))
        self.workspaces = order_facts.existing_workspaces(_cells(values, "workspace"))
        ids = [f"paid:{reference}" for reference in _cells(values, "reference")]
        told = ProviderEvent.objects.filter(provider=Provider.MANUAL, source="", event_id__in=ids)
        self.told = {event.event_id.removeprefix("paid:"): bytes(event.body) for event in told}
        self.seen: dict[str, int] = {}

    def rows(self, lines: Iterable[tuple[int, dict[str, str]]]) -> Iterator[Row]:
        for number, values in lines:
            shown = {name: value for name, value in values.items() if name}
            try:
                offline = _offline(values)
                effect = self._effect(offline, number)
            except Invalid as error:
                yield Row(number, shown, [_said(error)])
            else:
                yield Row(number, shown, [], effect, offline)

    def _effect(self, offline: Offline, number: int) -> str:
        earlier = self.seen.setdefault(offline.reference, number)
        if earlier != number:
            raise Invalid(_("Line %(line)d has this reference too.") % {"line": earlier}, field="reference")
        derived = offline_orders.check(offline, now=self.now, offers=self.offers, workspaces=self.workspaces)
        if offline.reference not in self.told:
            return offline_orders.effect(derived, self.now)
        if not offline.is_told_by(self.told[offline.reference]):
            raise Invalid(_("Another payment was recorded under this reference."), field="reference")
        return _("recorded already: nothing changes")


def _cells(values: list[dict[str, str]], name: str) -> set[str]:
    """What the rows have in this column; nothing that a query could not carry."""
    return {cell for row in values if (cell := row.get(name, "")) and cell.isprintable() and len(cell) <= _LONGEST_CELL}


def _said(error: Invalid) -> str:
    return f"{error.field}: {error.message}" if error.field else str(error.message)


def _offline(values: dict[str, str]) -> Offline:
    if "" in values:
        raise Invalid(_("This line has more or fewer cells than the first line names."))
    for name, cell in values.items():
        if len(cell) > _LONGEST_CELL or not cell.replace("\n", "").isprintable():
            raise Invalid(_("The cell is too long, or has characters that are none."), field=name)
    currency = check_currency(values["currency"])
    return Offline(
        reference=values["reference"],
        workspace=values["workspace"],
        product=values["product"],
        amount=_amount(values["amount"], currency),
        currency=currency,
        paid_at=_moment(values["paid_at"]),
        note=values.get("note", ""),
    )


def _amount(cell: str, currency: str) -> int:
    """In minor units. `1,900.00` and `19,00` are refused: what one means by 1900 the other means by 19."""
    if not _AMOUNT.fullmatch(cell):
        raise Invalid(_("Write the amount as 19.00."), field="amount")
    minor = Decimal(cell).scaleb(get_currency_precision(currency))
    if minor != int(minor):
        raise Invalid(_("This currency has no such small part."), field="amount")
    return int(minor)


def _moment(cell: str) -> datetime:
    try:
        day = parse_date(cell)
        moment = datetime.combine(day, time.min, UTC) if day else parse_datetime(cell)
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # A 31 February, or a first of January of the year 1 in New Zealand.
        pass
    raise Invalid(_("Write the day as 2026-11-22, or a time with its offset."), field="paid_at")
