"""Offline orders from a spreadsheet: judged row by row before anything is done, then all of them or none."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts import clock
from accounts.errors import Invalid, NotAllowed
from accounts.models import AuditEvent, User
from tests.factories import administrator, auditor, catalogue, person, shop
from tiers.actions.manual_orders import import_rows
from tiers.models import Grant, Order, ProviderEvent
from tiers.offline_sheets import MOST_ROWS, Sheet, as_cell, read_csv, with_findings

pytestmark = pytest.mark.django_db
HEADER = "reference,workspace,product,amount,currency,paid_at,note"
DAY = timedelta(days=1)
YESTERDAY = "2026-01-02"


@pytest.fixture(autouse=True)
def ours() -> str:
    """The id of a workspace, where flower costs five dollars for thirty days, and a pack a thousand yen."""
    catalogue()
    long_ago = clock.now() - 3650 * DAY
    shop.offer("flower", interval="", lasts_days=30, amount=500, sale_from=long_ago)
    shop.offer("calls", interval="", calls=10_000, amount=1000, currency="JPY", sale_from=long_ago)
    return str(person().personal_workspace.public_id)


@pytest.fixture
def admin() -> User:
    return administrator()


def sheet(*lines: str, header: str = HEADER) -> Sheet:
    return read_csv("\n".join([header, *lines]).encode())


def errors(line: str) -> str:
    [row] = sheet(line).rows
    assert row.effect == ""
    return " ".join(row.errors)


def test_each_row_says_what_it_will_do(ours: str) -> None:
    today = clock.now().strftime("%Y-%m-%d")
    found = sheet(
        f"INV-1,{ours},flower,5.00,USD,{YESTERDAY},By transfer",
        f"INV-2,{ours},flower,5,usd,{today},",
        f"INV-3,{ours},calls,1000,JPY,2026-01-02T10:00:00+08:00,",
    )
    assert found.is_good
    assert [row.number for row in found.rows] == [2, 3, 4]
    assert [row.effect.split(" ")[0] for row in found.rows] == ["ended", "opens", "adds"]
    assert found.rows[0].values["note"] == "By transfer"
    assert not Order.objects.exists()


def test_files_of_all_spreadsheets_are_read_alike(ours: str, admin: User) -> None:
    line = f"INV-1;{ours};flower;5.00;USD;{YESTERDAY}"
    text = "Reference;Workspace;Product;Amount;Currency;Paid_at\r\n" + line + "\r\n\r\n"
    found = read_csv(b"\xef\xbb\xbf" + text.encode())
    assert found.is_good
    assert len(import_rows(sheet=found, by=admin)) == 1
    quoted = f'"INV-1","{ours}","flower","5.00","USD","{YESTERDAY}","one, and ""two""\nlines"'
    assert sheet(quoted).rows[0].effect == "recorded already: nothing changes"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("INV-1,nobody,flower,5.00,USD,2026-01-02,", "workspace: "),
        ("INV-1,{ours},nothing,5.00,USD,2026-01-02,", "product: "),
        ("INV-1,{ours},flower,4.00,USD,2026-01-02,", "amount: It cost $5.00"),
        ("INV-1,{ours},flower,five,USD,2026-01-02,", "amount: "),
        ("INV-1,{ours},flower,1e3,USD,2026-01-02,", "amount: "),
        ("INV-1,{ours},flower,-5.00,USD,2026-01-02,", "amount: "),
        ("INV-1,{ours},flower,٥,USD,2026-01-02,", "amount: "),
        ("INV-1,{ours},flower,5.001,USD,2026-01-02,", "amount: "),
        ("INV-1,{ours},calls,1000.5,JPY,2026-01-02,", "amount: "),
        ("INV-1,{ours},flower,5.00,XXY,2026-01-02,", "currency: "),
        ("INV-1,{ours},flower,5.00,EUR,2026-01-02,", "currency: It cost"),
        ("INV-1,{ours},flower,5.00,USD,2026-02-31,", "paid_at: "),
        ("INV-1,{ours},flower,5.00,USD,2026-01-02T10:00:00,", "paid_at: "),
        ("INV-1,{ours},flower,5.00,USD,0001-01-01T00:00:00+14:00,", "paid_at: "),
        ("INV-1,{ours},flower,5.00,USD,2999-01-01,", "paid_at: "),
        (",{ours},flower,5.00,USD,2026-01-02,", "reference: "),
        ("INV-1,{ours},flower,5.00,USD,2026-01-02", "cells"),
        ("INV-1,{ours},flower,5.00,USD,2026-01-02,a,b", "cells"),
        ("INV\0-1,{ours},flower,5.00,USD,2026-01-02,", "characters"),
        ("INV-1,{ours},flower,5.00,USD,2026-01-02,\u202e", "characters"),
        ("INV-1,{ours},flower,5.00,USD,2026-01-02," + "x" * 1001, "too long"),
    ],
)
def test_a_row_that_cannot_be_says_why(ours: str, line: str, words: str) -> None:
    assert words in errors(line.replace("{ours}", ours))


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "Missing"),
        (b"\xff\xfer\x00", "UTF-8"),
        (b"x" * (1 << 20) + b"x", "1 MiB"),
        (HEADER.encode(), "no rows"),
        (b"reference,workspace\n1,2", "Missing: product, amount, currency, paid_at"),
        (f"{HEADER},colour\n".encode(), "colour"),
        (f"{HEADER},note\n".encode(), "twice"),
        (f'{HEADER}\n"INV-1,x'.encode(), "cannot be read"),
        ((HEADER + "\n" + "a,b\n" * (MOST_ROWS + 1)).encode(), "2,000"),
    ],
)
def test_a_file_that_is_none_has_no_rows(file: bytes, words: str) -> None:
    found = read_csv(file)
    assert (found.rows, found.is_good) == ([], False)
    assert words in found.errors[0]


def test_one_reference_is_one_order(ours: str, admin: User) -> None:
    line = f"INV-1,{ours},flower,5.00,USD,{YESTERDAY},"
    assert "Line 2 has this reference" in sheet(line, line).rows[1].errors[0]
    import_rows(sheet=sheet(line), by=admin)
    assert "Another payment" in errors(f"INV-1,{ours},flower,5.00,USD,2026-01-03,")


def test_with_one_bad_row_nothing_is_recorded(ours: str, admin: User) -> None:
    good = f"INV-1,{ours},flower,5.00,USD,{YESTERDAY},"
    bad = f"INV-2,{ours},flower,4.00,USD,{YESTERDAY},"
    with pytest.raises(Invalid, match="nothing was recorded"):
        import_rows(sheet=sheet(good, bad), by=admin)
    assert not Order.objects.exists()


def test_what_became_wrong_since_the_preview_undoes_all_of_it(ours: str, admin: User) -> None:
    lines = [f"INV-{number},{ours},flower,5.00,USD,{YESTERDAY}," for number in (1, 2)]
    seen = sheet(*lines)
    import_rows(sheet=sheet(f"INV-2,{ours},flower,5.00,USD,2026-01-03,"), by=admin)
    with pytest.raises(Invalid, match="Another payment"):
        import_rows(sheet=seen, by=admin)
    assert list(Order.objects.values_list("reference", flat=True)) == ["INV-2"]


def test_importing_the_same_file_again_changes_nothing(ours: str, admin: User) -> None:
    lines = [f"INV-{number},{ours},flower,5.00,USD,{YESTERDAY}," for number in range(5)]
    orders = import_rows(sheet=sheet(*lines), by=admin)
    before = (Grant.objects.count(), ProviderEvent.objects.count(), AuditEvent.objects.count())
    again = sheet(*lines)
    assert {row.effect for row in again.rows} == {"recorded already: nothing changes"}
    assert import_rows(sheet=again, by=admin) == orders
    assert (Grant.objects.count(), ProviderEvent.objects.count(), AuditEvent.objects.count()) == before


def test_only_who_manages_payments_imports(ours: str) -> None:
    with pytest.raises(NotAllowed):
        import_rows(sheet=sheet(f"INV-1,{ours},flower,5.00,USD,{YESTERDAY},"), by=auditor())


def test_a_long_file_is_judged_in_few_queries(ours: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    lines = [f"INV-{number},{ours},flower,5.00,USD,{YESTERDAY}," for number in range(500)]
    with django_assert_num_queries(4):
        assert sheet(*lines).is_good


def test_no_cell_that_goes_out_is_a_formula(ours: str) -> None:
    for cell in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"):
        assert as_cell(cell) == f"'{cell}"
    assert as_cell("INV-1") == "INV-1"
    hostile = f'"=HYPERLINK(""http://evil"")",{ours},flower,5.00,USD,{YESTERDAY},-2'
    text = with_findings(sheet(hostile))
    assert "'=HYPERLINK" in text
    assert ",'-2," in text
