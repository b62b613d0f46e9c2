"""Staff's pages of payments: sound in every dress, and worked by keyboard and without script."""

import pytest
from playwright.sync_api import expect

from accounts.models import User
from tests import factories
from tests.browser.conftest import Open, faults
from tests.factories import payments, shop
from tiers.actions.webhook_sources import add_source
from tiers.models import Alarm, Order, ProviderEvent

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.fixture
def ada(transactional_db: None) -> User:
    """An administrator of a platform on which some have paid, one of them in vain."""
    factories.catalogue()
    ada, noor = factories.administrator(), factories.person("Noor")
    workspace = noor.personal_workspace
    payments.paid(workspace, order="ord_good")
    payments.told("order.refunded", workspace=workspace, order="ord_good", refund={"id": "r1", "amount": 200})
    payments.paid(workspace, order="ord_vain", amount=1)
    payments.told("order.paid", workspace=workspace, order="ord_waits", handle=False)
    payments.stored(b"\xff\xfe<script>", kind="x" * 90)
    shop.offer("pack", calls=1000, amount=900, currency="EUR", interval="", partial_refund="prorate")
    add_source(name="polar", by=ada)
    return ada


def paths() -> list[str]:
    vain, good = Order.objects.get(reference="ord_vain"), Order.objects.get(reference="ord_good")
    return [
        "/events/",
        "/events/?find=nothing",
        *(f"/events/{event.public_id}/" for event in ProviderEvent.objects.order_by("pk")[:5]),
        "/events/orders/",
        f"/events/orders/{good.public_id}/",
        f"/events/orders/{vain.public_id}/",
        f"/events/orders/{vain.public_id}/credit/",
        "/events/alarms/",
        f"/events/alarms/{Alarm.objects.earliest('pk').public_id}/",
        "/events/health/",
        "/events/record/",
        "/events/import/",
        "/events/sources/",
        "/catalogue/products/",
        "/catalogue/products/pack/",
        "/catalogue/products/pack/edit/",
        "/catalogue/products/pack/price/",
        "/catalogue/products/new/?kind=model",
    ]


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["wide", "phone"])
def test_pages_have_no_faults(browse: Open, ada: User, phone: bool, dark: bool) -> None:
    page = browse("/events/", by=ada, phone=phone, dark=dark)
    for path in paths():
        page.goto(path)
        assert faults(page) == [], path


def test_a_message_is_found_by_keyboard_and_replayed(browse: Open, ada: User) -> None:
    page = browse("/events/", by=ada)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    page.keyboard.type("ord_waits")
    page.keyboard.press("Enter")
    page.wait_for_url("**find=ord_waits**")
    page.locator("tbody th a").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("Replayed: it is applied.")).to_be_visible()
    expect(page.get_by_text("Grant given")).to_be_visible()


def test_an_alarm_is_resolved_and_a_file_imported_without_script(browse: Open, ada: User) -> None:
    page = browse("/events/alarms/", by=ada, script=False)
    page.get_by_role("link", name="Resolve…").first.click()
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("What was done about it").fill("Called the shop")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("It is raised again if it is seen again.")).to_be_visible()
    workspace = User.objects.get(name="Noor").personal_workspace.public_id
    sheet = "reference,workspace,product,amount,currency,paid_at\n"
    sheet += f"INV-7,{workspace},pack,9.00,EUR,{Order.objects.latest('pk').created_at.isoformat()}\n"
    page.goto("/events/import/")
    page.locator("input[type=file]").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": sheet.encode()}
    )
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 order to record")
    page.get_by_role("button", name="Record all of them").click()
    expect(page.get_by_text("1 order is recorded.")).to_be_visible()
    assert Order.objects.get(reference="INV-7").state == "paid"
