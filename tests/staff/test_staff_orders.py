"""Orders of everybody: found, explained by their events, and what staff may do about each."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.audit import System
from accounts.clock import now
from accounts.models import AuditEvent, User
from tests.factories import payments, shop
from tests.fixtures.sandbox import buyer
from tests.staff import shown
from tiers.actions.manual_orders import record_order
from tiers.models import Alarm, Order

pytestmark = pytest.mark.django_db
LIST_QUERIES, DETAIL_QUERIES = 11, 22


def at(order: Order, page: str = "order") -> str:
    return reverse(f"events:{page}", args=[order.public_id])


def by_hand(noor: User) -> Order:
    product = shop.offer("by-hand", amount=500, interval="").product
    given = {"amount": 500, "currency": "USD", "paid_at": now(), "reference": "INV-1", "note": "By transfer"}
    return record_order(workspace=noor.personal_workspace, product=product, by=System("tests"), **given)


def in_vain(noor: User) -> Order:
    """Paid, at another price than it has."""
    return payments.paid(noor.personal_workspace, order="ord_vain", amount=1)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"paid", "vain", "hand"}),
        ("state=paid", {"paid", "hand"}),
        ("state=nonsense", {"paid", "vain", "hand"}),
        ("problem=any", {"vain"}),
        ("problem=amount_differs", {"vain"}),
        ("problem=window_ended", set()),
        ("provider=manual", {"hand"}),
        ("workspace=noor", {"paid", "vain", "hand"}),
        ("workspace=nobody", set()),
        ("product=by-hand", {"hand"}),
        ("find=INV-1", {"hand"}),
        ("find=ord_vain", {"vain"}),
        ("find={id}", {"paid"}),
    ],
)
def test_orders_are_found(staff: Client, noor: User, query: str, found: set[str]) -> None:
    orders = {"paid": payments.paid(noor.personal_workspace), "vain": in_vain(noor), "hand": by_hand(noor)}
    page = shown(staff, f"/events/orders/?{query.format(id=orders['paid'].public_id)}")
    assert {name for name, order in orders.items() if at(order) in page} == found


def test_an_order_is_told_by_its_events_and_all_its_grants(staff: Client, noor: User) -> None:
    order = payments.paid(noor.personal_workspace, order="ord_r")
    payments.told("order.refunded", workspace=noor.personal_workspace, order="ord_r", refund={"id": "r", "amount": 500})
    page = shown(staff, at(order))
    assert "Refunded" in page
    assert "Revoked" in page
    assert "The payment was refunded." in page
    assert page.count("a message") == 2
    assert "does not say what its events say" not in page


def test_an_event_that_is_set_aside_says_why(staff: Client, noor: User) -> None:
    page = shown(staff, at(in_vain(noor)))
    assert "set aside: the amount differs from the price" in page
    assert "Unfulfilled" in page


def test_an_order_that_its_events_contradict_is_marked(staff: Client, noor: User) -> None:
    order = payments.paid(noor.personal_workspace)
    Order.objects.filter(pk=order.pk).update(refunded=7)
    assert "does not say what its events say" in shown(staff, at(order))


def test_a_refund_of_an_offline_order_is_recorded_once(admin: Client, noor: User) -> None:
    order = by_hand(noor)
    assert 'value="5.00"' in shown(admin, at(order, "refund"))
    form = {"amount": "2.00", "reference": "BACK-1", "note": "Half of it"}
    for _time in range(2):
        assert admin.post(at(order, "refund"), form).status_code == 302
    order.refresh_from_db()
    assert (order.state, order.refunded) == ("partly_refunded", 200)
    assert AuditEvent.objects.filter(action="order.refund_recorded").count() == 1


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("5.01", "at most what was paid"),
        ("0", "more than nothing"),
        ("1,00", "Write the amount as 19.00"),
        ("1e2", "Write the amount as 19.00"),
        ("1.005", "no such small part"),
        ("-1", "Write the amount as 19.00"),
        ("", "required"),
    ],
)
def test_an_amount_that_cannot_be_is_refused_beside_its_field(
    admin: Client, noor: User, amount: str, words: str
) -> None:
    order = by_hand(noor)
    response = admin.post(at(order, "refund"), {"amount": amount, "reference": "B", "note": "Back"})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Order.objects.filter(refunded__gt=0).exists()


def test_what_a_shop_outside_sold_is_not_refunded_here(admin: Client, noor: User) -> None:
    order = payments.paid(noor.personal_workspace)
    assert "Refund…" not in shown(admin, at(order))
    assert "refund it there" in shown(admin, at(order, "refund"))
    response = admin.post(at(order, "refund"), {"amount": "1.00", "note": "Back"})
    assert "cannot be asked for a refund from here" in response.content.decode()


def test_what_the_sandbox_sold_is_asked_about_and_given_back_there(admin: Client, noor: User) -> None:
    bought = buyer()
    bought.books("pay")
    page = admin.post(at(bought.order, "sync"), follow=True).content.decode()
    assert "Asked. It has changed." in page
    assert "Asked. Nothing is new." in admin.post(at(bought.order, "sync"), follow=True).content.decode()
    page = admin.post(at(bought.order, "refund"), {"amount": "5.00", "note": "Asked for it"}, follow=True)
    assert "Given back." in page.content.decode()
    assert Order.objects.get(pk=bought.order.pk).state == "refunded"
    assert AuditEvent.objects.get(action="order.refund_asked").reason == "Asked for it"


def test_a_credit_settles_what_was_paid_in_vain(admin: Client, noor: User) -> None:
    order = in_vain(noor)
    assert "Record a credit…" in shown(admin, at(order))
    assert admin.post(at(order, "credit"), {"note": ""}).status_code == 422
    assert admin.post(at(order, "credit"), {"note": "A month of nectar instead"}).status_code == 302
    assert Order.objects.get(pk=order.pk).problem == ""
    page = shown(admin, at(order))
    assert "A month of nectar instead" in page
    assert admin.post(at(order, "credit"), {"note": "Again"}).status_code == 422


def test_alarms_are_read_in_words_and_resolved_with_a_note(admin: Client, noor: User) -> None:
    order = in_vain(noor)
    alarm = Alarm.objects.get(kind="unfulfilled")
    page = shown(admin, "/events/alarms/")
    assert "Money was received, but it opens nothing." in page
    assert at(order) in page
    resolve = reverse("events:resolve", args=[alarm.public_id])
    assert admin.post(resolve, {"resolution": " "}).status_code == 422
    assert admin.post(resolve, {"resolution": "Sent <back> by hand"}).status_code == 302
    assert admin.post(resolve, {"resolution": "Twice"}).status_code == 422
    assert resolve not in shown(admin, "/events/alarms/")
    assert "Sent &lt;back&gt; by hand" in shown(admin, "/events/alarms/?state=resolved")


def test_those_who_only_read_change_nothing(staff: Client, noor: User) -> None:
    order, alarm = in_vain(noor), Alarm.objects.get(kind="unfulfilled")
    for path in [at(order, name) for name in ("sync", "refund", "credit")] + [f"/events/alarms/{alarm.public_id}/"]:
        assert staff.post(path).status_code == 403
        assert path not in shown(staff, at(order))
        assert path not in shown(staff, "/events/alarms/")


def test_the_number_of_queries_does_not_depend_on_the_rows(
    staff: Client, noor: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shown(staff, "/events/orders/")
    first = payments.paid(noor.personal_workspace, order="ord_a")
    for number in range(3):
        payments.told("order.pending", workspace=noor.personal_workspace, order="ord_a")
        payments.paid(noor.personal_workspace, order=f"ord_b{number}")
        with django_assert_num_queries(LIST_QUERIES):
            shown(staff, "/events/orders/")
        with django_assert_num_queries(DETAIL_QUERIES):
            shown(staff, at(first))
