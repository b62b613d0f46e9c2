"""The sandbox's page, with its messages over real HTTP: once, twice, late, shuffled, or never."""

from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.factories import catalogue
from tests.fixtures.sandbox import Buyer, buyer
from tiers.models import Grant, InboxState, ProviderEvent, SandboxDelivery, SandboxMessage
from tiers.sandbox.sending import send_due
from tiers.sandbox.tasks import send_sandbox_messages, sweep_sandbox_messages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_checkout(live_server: LiveServer, settings: Settings) -> Buyer:
    settings.SITE_URL = live_server.url
    catalogue()
    return buyer()


def time_passes(seconds: int) -> None:
    """For the messages that wait: what is due then is due now."""
    waiting = SandboxMessage.objects.filter(deliver_at__isnull=False)
    waiting.update(deliver_at=F("deliver_at") - timedelta(seconds=seconds))
    SandboxMessage.objects.update(at=F("at") - timedelta(seconds=seconds))


def told() -> list[tuple[str, int, str]]:
    """What came in, in the order of its coming: type, repeats, state."""
    return list(ProviderEvent.objects.order_by("pk").values_list("kind", "repeats", "state"))


def test_paying_delivers_before_the_buyer_is_back(at_checkout: Buyer) -> None:
    assert at_checkout.order.checkout_url.endswith(at_checkout.path)
    response = at_checkout.does("pay")
    assert (response.status_code, response["Location"]) == (
        302,
        at_checkout.order.checkout_url[: -len(at_checkout.path)] + f"/orders/{at_checkout.order.public_id}/returned/",
    )
    assert at_checkout.now().state == "paid"
    assert Grant.objects.get(order=at_checkout.order).tier is not None
    assert told() == [("order.pending", 0, "applied"), ("order.paid", 0, "applied")]
    delivery = SandboxDelivery.objects.order_by("pk").last()
    assert delivery is not None
    assert (delivery.http_status, "applied" in delivery.answer) == (200, True)
    page = at_checkout.client.get(at_checkout.path).content.decode()
    assert "order.paid" in page
    assert "No real money" in page


def test_twice_comes_twice_and_counts_once(at_checkout: Buyer) -> None:
    at_checkout.does("pay", delivery="twice")
    assert told() == [("order.pending", 1, "applied"), ("order.paid", 1, "applied")]
    assert Grant.objects.filter(order=at_checkout.order).count() == 1


def test_shuffled_comes_the_other_way_round(at_checkout: Buyer) -> None:
    at_checkout.does("pay", delivery="shuffled")
    assert [kind for kind, _repeats, _state in told()] == ["order.paid", "order.pending"]
    assert at_checkout.now().state == "paid"


def test_one_that_is_to_be_overtaken_comes_after_the_next(at_checkout: Buyer) -> None:
    at_checkout.does("pay")
    at_checkout.does("dispute", delivery="shuffled")
    assert at_checkout.now().state == "paid"
    at_checkout.does("win")
    assert [kind for kind, _repeats, _state in told()][2:] == ["order.dispute_closed", "order.disputed"]
    assert at_checkout.now().state == "dispute_won"


def test_late_comes_by_a_worker_and_not_before(at_checkout: Buyer) -> None:
    at_checkout.does("pay", delivery="late", late_by=60)
    assert told() == []
    send_sandbox_messages(at_checkout.order.sandbox_payment.pk)
    assert told() == []
    time_passes(60)
    send_sandbox_messages(at_checkout.order.sandbox_payment.pk)
    assert at_checkout.now().state == "paid"


def test_what_the_worker_lost_the_sweep_delivers(at_checkout: Buyer) -> None:
    at_checkout.does("pay_late", settles_after=60)
    assert at_checkout.now().state == "pending"
    time_passes(60)
    assert sweep_sandbox_messages() == 1
    assert at_checkout.now().state == "paid"
    assert sweep_sandbox_messages() == 0


def test_lost_is_found_by_asking(at_checkout: Buyer) -> None:
    at_checkout.does("pay", delivery="lost")
    assert told() == []
    assert at_checkout.now().state == "created"
    assert at_checkout.asked().state == "paid"
    assert not ProviderEvent.objects.exists()


def test_a_message_after_asking_is_called_applied_and_changes_nothing(at_checkout: Buyer) -> None:
    at_checkout.does("pay", delivery="late", late_by=60)
    assert at_checkout.asked().state == "paid"
    before = at_checkout.now().changed_at
    time_passes(60)
    send_due()
    assert {state for _kind, _repeats, state in told()} == {InboxState.APPLIED}
    assert at_checkout.now().changed_at == before


def test_what_is_not_taken_is_tried_again(at_checkout: Buyer, settings: Settings) -> None:
    there, settings.SITE_URL = settings.SITE_URL, "http://127.0.0.1:9"
    at_checkout.does("pay")
    assert list(SandboxDelivery.objects.values_list("http_status", flat=True)) == [None, None]
    settings.SITE_URL = there
    time_passes(60)
    assert sweep_sandbox_messages() == 2
    assert at_checkout.now().state == "paid"


def test_after_a_refund_the_grant_is_gone_and_a_part_keeps_it(at_checkout: Buyer) -> None:
    at_checkout.does("pay")
    response = at_checkout.does("refund", amount="2.00")
    assert response["Location"] == at_checkout.path
    assert (at_checkout.now().state, at_checkout.now().refunded) == ("partly_refunded", 200)
    at_checkout.does("refund", amount="3.00")
    assert at_checkout.now().state == "refunded"
    assert not Grant.objects.filter(order=at_checkout.order, revoked_at=None).exists()


def test_a_lost_dispute_takes_the_grant(at_checkout: Buyer) -> None:
    at_checkout.does("pay")
    at_checkout.does("dispute")
    assert at_checkout.now().state == "disputed"
    at_checkout.does("lose")
    assert at_checkout.now().state == "dispute_lost"


def test_what_failed_can_be_paid_after_all(at_checkout: Buyer) -> None:
    at_checkout.does("fail")
    assert at_checkout.now().state == "failed"
    at_checkout.does("pay")
    assert at_checkout.now().state == "paid"
