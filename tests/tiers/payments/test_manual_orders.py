"""Orders that staff record: they give what was paid for, once a reference, and stand in inbox and audit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import AuditEvent, User, Workspace
from tests.factories import administrator, auditor, catalogue, join, person, shop
from tiers.actions.manual_orders import record_credit, record_order, record_refund
from tiers.models import Alarm, Grant, Order, ProductVersion, ProviderEvent
from tiers.payments import BadSignature, NotPossible, provider

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def version() -> ProductVersion:
    catalogue()
    return shop.offer("flower", interval="", lasts_days=30, amount=500, sale_from=clock.now() - 90 * DAY)


@pytest.fixture
def admin() -> User:
    return administrator()


@pytest.fixture
def workspace() -> Workspace:
    return person().personal_workspace


def record(version: ProductVersion, workspace: Workspace, by: User, **values: Any) -> Order:
    given = {
        "amount": version.amount,
        "currency": version.currency,
        "paid_at": clock.now() - DAY,
        "reference": "INV-1",
        "note": "By bank transfer",
        **values,
    }
    return record_order(workspace=workspace, product=version.product, by=by, **given)


def test_it_opens_what_was_paid_for_from_the_day_of_paying(
    version: ProductVersion, workspace: Workspace, admin: User
) -> None:
    paid_at = clock.now() - 2 * DAY
    order = record(version, workspace, admin, paid_at=paid_at)
    grant = Grant.objects.get(order=order)
    assert (order.state, order.provider, order.reference, order.note) == ("paid", "manual", "INV-1", "By bank transfer")
    assert (grant.starts_at, grant.ends_at) == (paid_at, paid_at + 30 * DAY)
    assert ProviderEvent.objects.get(order=order).state == "applied"
    event = AuditEvent.objects.get(action="order.recorded")
    assert (event.actor, event.workspace, event.reason) == (admin, workspace, "")


def test_the_buyer_never_reads_the_note(version: ProductVersion, admin: User) -> None:
    noor = person()
    order = record(version, noor.personal_workspace, admin, note="Bad payer")
    client = Client()
    client.force_login(noor)
    for path in (f"/orders/{order.public_id}/", f"/orders/{order.public_id}/receipt/", "/workspace/activity/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "Bad payer" not in answer.content.decode()
    staff = Client()
    staff.force_login(admin)
    assert "Bad payer" in staff.get(f"/events/orders/{order.public_id}/").content.decode()


def test_recorded_again_it_is_the_same_order_and_otherwise_refused(
    version: ProductVersion, workspace: Workspace, admin: User
) -> None:
    paid_at = clock.now() - DAY
    order = record(version, workspace, admin, paid_at=paid_at)
    events = AuditEvent.objects.count()
    assert record(version, workspace, admin, paid_at=paid_at, note="Otherwise") == order
    assert AuditEvent.objects.count() == events
    other = person().personal_workspace
    for changed in (lambda: record(version, other, admin, paid_at=paid_at), lambda: record(version, workspace, admin)):
        with pytest.raises(Invalid, match="Another payment"):
            changed()
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"amount": 499}, "amount", r"cost \$5.00"),
        ({"amount": 0}, "amount", "amount"),
        ({"amount": 10**10}, "amount", "amount"),
        ({"currency": "EUR"}, "currency", r"cost \$5.00"),
        ({"currency": "USX"}, "currency", "currency"),
        ({"paid_at": datetime(2999, 1, 1, tzinfo=UTC)}, "paid_at", "future"),
        ({"paid_at": datetime(1999, 1, 1, tzinfo=UTC)}, "paid_at", "day"),
        ({"reference": " "}, "reference", "number"),
        ({"reference": "x" * 201}, "reference", "number"),
        ({"reference": "a\nb"}, "reference", "number"),
        ({"note": "x" * 501}, "note", "500"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    version: ProductVersion, workspace: Workspace, admin: User, values: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        record(version, workspace, admin, **values)
    assert refused.value.field == field
    assert not Order.objects.exists()


def test_what_was_not_on_sale_cannot_be_recorded(version: ProductVersion, workspace: Workspace, admin: User) -> None:
    ProductVersion.objects.filter(pk=version.pk).update(sale_until=clock.now() - 2 * DAY)
    with pytest.raises(Invalid, match="not on sale") as refused:
        record(version, workspace, admin)
    assert refused.value.field == "product"
    assert record(version, workspace, admin, paid_at=clock.now() - 3 * DAY).state == "paid"


def test_refunds_add_up_and_the_whole_takes_the_grant(
    version: ProductVersion, workspace: Workspace, admin: User
) -> None:
    order = record(version, workspace, admin)
    refunded = record_refund(order=order, amount=200, reference="R-1", note="Late", by=admin)
    assert (refunded.state, refunded.refunded) == ("partly_refunded", 200)
    assert record_refund(order=order, amount=200, reference="R-1", note="", by=admin).refunded == 200
    with pytest.raises(Invalid, match="Another amount"):
        record_refund(order=order, amount=100, reference="R-1", note="", by=admin)
    with pytest.raises(Invalid, match="at most what was paid"):
        record_refund(order=order, amount=301, reference="R-2", note="", by=admin)
    assert record_refund(order=order, amount=300, reference="R-2", note="Rest", by=admin).state == "refunded"
    assert not Grant.objects.filter(order=order, revoked_at=None).exists()
    assert AuditEvent.objects.filter(action="order.refund_recorded").count() == 2


def test_the_refund_of_an_order_of_a_provider_is_the_provider_s(version: ProductVersion, admin: User) -> None:
    order = shop.tell("order.paid", version, person().personal_workspace)
    with pytest.raises(Conflict, match="provider"):
        record_refund(order=order, amount=100, reference="R-1", note="", by=admin)


def late(admin: User) -> Order:
    """Early access that was paid for after it had ended, at a shop."""
    window = shop.early_access(until=clock.now() - timedelta(hours=1))
    return shop.tell("order.paid", window, person().personal_workspace, reference="ord_late")


def test_what_was_paid_in_vain_is_credited_once(admin: User) -> None:
    order = late(admin)
    assert (order.state, order.problem) == ("unfulfilled", "window_ended")
    assert Alarm.objects.filter(resolved_at=None, kind="unfulfilled").exists()
    credited = record_credit(order=order, note="10,000 calls given instead", by=admin)
    assert (credited.state, credited.problem) == ("unfulfilled", "")
    assert not Alarm.objects.filter(resolved_at=None, kind="unfulfilled").exists()
    assert not Grant.objects.filter(order=order).exists()
    with pytest.raises(Conflict):
        record_credit(order=order, note="Twice", by=admin)
    with pytest.raises(Invalid, match="reason"):
        record_credit(order=order, note=" ", by=admin)


def test_early_access_recorded_too_late_waits_for_its_refund(workspace: Workspace, admin: User) -> None:
    window = shop.early_access(until=clock.now() - timedelta(hours=1))
    order = record(window, workspace, admin, paid_at=clock.now() - timedelta(minutes=30))
    assert (order.state, order.problem) == ("unfulfilled", "window_ended")
    assert record_refund(order=order, amount=900, reference="R-1", note="Back", by=admin).state == "refunded"


def test_only_who_manages_payments_and_nobody_for_a_workspace_of_their_own(
    version: ProductVersion, workspace: Workspace, admin: User
) -> None:
    with pytest.raises(NotAllowed):
        record(version, workspace, auditor())
    order = record(version, workspace, admin)
    with pytest.raises(NotAllowed):
        record_refund(order=order, amount=1, reference="R", note="", by=auditor())
    with pytest.raises(NotAllowed):
        record_credit(order=order, note="Why", by=auditor())
    join(workspace, admin)
    with pytest.raises(NotAllowed):
        record(version, workspace, admin, reference="INV-2")


def test_nobody_else_speaks_for_it(version: ProductVersion, workspace: Workspace, admin: User) -> None:
    manual = provider("manual")
    order = record(version, workspace, admin)
    with pytest.raises(BadSignature):
        manual.receive({}, b"{}", "")
    with pytest.raises(NotPossible):
        manual.refund(order, 1)
    assert (manual.sells(order), manual.fetch(order), list(manual.recent(clock.now()))) == (False, [], [])
