"""One payment recorded by two people, a price changed by two, a checkout's button pressed twice: it counts once."""

from datetime import timedelta

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts import clock
from accounts.audit import System
from tests.concurrency import at_once, refused
from tests.factories import administrator, catalogue, person, shop
from tests.fixtures.sandbox import buyer
from tiers.actions.manual_orders import record_order
from tiers.actions.products import publish_version
from tiers.models import Grant, Order, ProductVersion, ProviderEvent, SandboxDelivery
from tiers.sandbox.sending import send_due

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_catalogue")]
TIMES = 4


@pytest.fixture
def _catalogue(transactional_db: None) -> None:
    catalogue()


def test_a_payment_recorded_by_several_is_one_order() -> None:
    version, workspace = shop.offer(interval="", sale_from=clock.now() - timedelta(days=9)), person().personal_workspace
    paid_at = clock.now() - timedelta(days=1)

    def record() -> Order:
        return record_order(
            workspace=workspace,
            product=version.product,
            amount=version.amount,
            currency=version.currency,
            paid_at=paid_at,
            reference="INV-1",
            note="",
            by=System("tests"),
        )

    results = at_once(*[record] * TIMES)
    assert refused(results) == []
    assert results == [Order.objects.get()] * TIMES
    assert (Grant.objects.count(), ProviderEvent.objects.count()) == (1, 1)


def test_prices_changed_at_once_follow_one_another_without_a_gap() -> None:
    product, admin = shop.offer().product, administrator()
    amounts = [1000, 2000, 3000, 4000]
    results = at_once(
        *[
            lambda amount=amount: publish_version(product=product, values={"amount": amount}, reason="New", by=admin)
            for amount in amounts
        ]
    )
    assert refused(results) == []
    versions = list(ProductVersion.objects.filter(product=product).order_by("number"))
    assert [version.number for version in versions] == [1, 2, 3, 4, 5]
    assert [version.sale_until for version in versions] == [*(version.sale_from for version in versions[1:]), None]


def test_a_button_of_the_checkout_pressed_twice_pays_once() -> None:
    at_checkout = buyer()
    results = at_once(*[lambda: at_checkout.books("pay")] * TIMES)
    assert len(refused(results)) == TIMES - 1
    assert [event.kind for event in at_checkout.asked().events.order_by("pk")] == ["created", "pending", "paid"]


def test_what_is_due_is_taken_up_by_one_worker(live_server: LiveServer, settings: Settings) -> None:
    settings.SITE_URL = live_server.url
    at_checkout = buyer()
    at_checkout.books("pay")
    results = at_once(*[send_due] * TIMES)
    assert sum(sent for sent in results if isinstance(sent, int)) == 2
    assert SandboxDelivery.objects.count() == 2
    assert at_checkout.now().state == "paid"
