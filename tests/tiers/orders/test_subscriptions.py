"""Cancelling and resuming a subscription: at the provider, by those who may, and said when it cannot be done."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.http import HttpResponse

from accounts.audit import Task
from accounts.clock import now
from accounts.models import AuditEvent
from tests import factories
from tests.factories import shop
from tests.fixtures.sandbox import Buyer
from tests.fixtures.sandbox import buyer as at_the_sandbox
from tests.fixtures.signing_in import browser
from tiers.actions.orders import sync_order
from tiers.actions.refunds import refund_at_provider
from tiers.models import Alarm, AlarmKind
from tiers.sandbox import ledger


@pytest.fixture
def subscriber(buyer: SimpleNamespace) -> Buyer:
    found = at_the_sandbox(interval="month")
    found.books("pay", delivery=ledger.Delivery.LOST)
    found.asked()
    return found


def does(subscriber: Buyer, act: str) -> HttpResponse:
    path = f"/orders/{subscriber.order.public_id}/{act}/"
    return subscriber.client.post(path, follow=True)  # type: ignore[return-value]


def test_cancelled_it_stays_open_to_its_end_and_can_be_taken_back(subscriber: Buyer) -> None:
    before = subscriber.now()
    assert before.state == "active"
    cancelled = does(subscriber, "cancel").content.decode()
    after = subscriber.now()
    assert (after.state, after.holds, after.ends_at) == ("cancelled", "live", before.ends_at)
    assert "Will not renew" in cancelled
    assert "Renew it after all" in cancelled
    assert "Cancel the renewal…" in does(subscriber, "resume").content.decode()
    assert subscriber.now().state == "active"
    actions = AuditEvent.objects.filter(subject_id=before.public_id, actor=subscriber.person)
    assert {"subscription.cancelled", "subscription.resumed"} <= set(actions.values_list("action", flat=True))


def test_the_page_says_what_will_happen_before_it_does(subscriber: Buyer) -> None:
    page = subscriber.client.get(f"/orders/{subscriber.order.public_id}/cancel/").content.decode()
    assert "Nothing more is charged" in page
    assert subscriber.now().state == "active"


def test_a_provider_that_is_away_changes_nothing_and_is_said(subscriber: Buyer) -> None:
    ledger.stay_silent(order=subscriber.order, seconds=60)
    page = does(subscriber, "cancel").content.decode()
    assert "does not answer just now" in page
    assert subscriber.now().state == "active"
    assert not AuditEvent.objects.filter(action="subscription.cancelled").exists()


def test_what_was_cancelled_is_not_cancelled_again(subscriber: Buyer) -> None:
    does(subscriber, "cancel")
    assert "It does not renew any more" in does(subscriber, "cancel").content.decode()
    assert subscriber.client.get(f"/orders/{subscriber.order.public_id}/cancel/").status_code == 302


def test_what_was_refunded_in_part_is_cancelled_and_resumed_like_any_other(subscriber: Buyer) -> None:
    subscriber.books("refund", amount=100)
    assert subscriber.asked().state == "partly_refunded"
    assert "Renew it after all" in does(subscriber, "cancel").content.decode()
    assert (subscriber.now().state, subscriber.now().holds) == ("cancelled", "live")
    does(subscriber, "resume")
    assert subscriber.now().state == "partly_refunded"


def test_while_it_is_disputed_its_buyer_can_stop_the_charges(subscriber: Buyer) -> None:
    subscriber.books("dispute")
    assert subscriber.asked().state == "disputed"
    assert "Renew it after all" in does(subscriber, "cancel").content.decode()
    assert "It does not renew any more" in does(subscriber, "cancel").content.decode()
    does(subscriber, "resume")
    subscriber.books("win")
    assert subscriber.asked().state == "active"


@pytest.mark.parametrize(("amount", "kinds"), [(100, []), (500, ["cancelled"])])
def test_a_refund_of_all_of_it_ends_the_charges_too(subscriber: Buyer, amount: int, kinds: list[str]) -> None:
    admin = factories.administrator()
    refund_at_provider(order=subscriber.now(), amount=amount, reason="Asked for it", by=admin)
    assert subscriber.now().refunded == amount
    assert list(subscriber.order.events.filter(kind="cancelled").values_list("kind", flat=True)) == kinds
    assert ("It does not renew any more" in does(subscriber, "cancel").content.decode()) == bool(kinds)


def test_a_renewal_of_what_was_refunded_is_told_once_and_until_it_is_given_back(buyer: SimpleNamespace) -> None:
    version, refund = shop.offer(), {"id": "re_1", "amount": 2900}
    shop.bought(buyer.workspace, version)
    order = shop.tell("order.refunded", version, buyer.workspace, refund=refund)
    alarms = Alarm.objects.filter(kind=AlarmKind.UNFULFILLED, order=order)
    assert not alarms.exists()
    for number in (1, 2):
        period_end = (now() + timedelta(days=60 * number)).isoformat()
        shop.tell("subscription.renewed", version, buyer.workspace, again=1, period_end=period_end)
        sync_order(pk=order.pk, ask=False, by=Task("tests"))
        assert alarms.get().times == number
    assert alarms.get().resolved_at is None
    shop.tell("order.refunded", version, buyer.workspace, refund={"id": "re_2", "amount": 5800})
    assert alarms.get().resolved_at is not None


def test_what_was_bought_once_does_not_renew(buyer: SimpleNamespace) -> None:
    order = shop.bought(buyer.workspace, shop.offer(interval=""))
    page = buyer.client.post(f"/orders/{order.public_id}/cancel/", follow=True).content.decode()
    assert "This order does not renew" in page


def test_a_shop_outside_is_where_its_subscription_is_cancelled(buyer: SimpleNamespace) -> None:
    order = shop.bought(buyer.workspace)
    assert "bought in a shop outside" in buyer.client.get(f"/orders/{order.public_id}/").content.decode()
    page = buyer.client.post(f"/orders/{order.public_id}/cancel/", follow=True).content.decode()
    assert "Cancel or resume it there" in page


@pytest.mark.parametrize("act", ["cancel", "resume"])
def test_strangers_change_nothing(subscriber: Buyer, act: str) -> None:
    stranger = browser(factories.person("Sam"))
    assert stranger.post(f"/orders/{subscriber.order.public_id}/{act}/").status_code == 404
    assert subscriber.now().state == "active"
