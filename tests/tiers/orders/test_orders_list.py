"""The list of a workspace's orders: tabs by address, pages by key, the same queries however many there are."""

from types import SimpleNamespace

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.factories import shop
from tests.fixtures.signing_in import browser
from tiers.models import Order
from tiers.views.orders import PAGE_SIZE


def listed(buyer: SimpleNamespace, **query: str) -> list[str]:
    return [row.order.reference for row in buyer.client.get("/orders/", query).context["rows"]]


def test_a_workspace_that_bought_nothing_is_shown_the_way_to_what_there_is(buyer: SimpleNamespace) -> None:
    page = buyer.client.get("/orders/").content.decode()
    assert "Nothing bought yet" in page
    assert 'href="/tiers/"' in page


def test_tabs_hold_what_is_open_and_what_somebody_must_look_at(buyer: SimpleNamespace) -> None:
    monthly, pack = shop.offer(), shop.offer("calls", calls=1000, interval="")
    shop.bought(buyer.workspace, monthly, reference="open")
    shop.tell("order.pending", monthly, buyer.workspace, reference="pending")
    shop.tell("order.failed", monthly, buyer.workspace, reference="failed")
    shop.bought(buyer.workspace, pack, reference="back")
    shop.tell("order.refunded", pack, buyer.workspace, reference="back", refund={"id": "r", "amount": pack.amount})
    shop.bought(buyer.workspace, monthly, reference="disputed")
    shop.tell("order.disputed", monthly, buyer.workspace, reference="disputed", dispute={"id": "d"})
    assert listed(buyer) == ["disputed", "back", "failed", "pending", "open"]
    assert listed(buyer, tab="active") == ["open"]
    assert listed(buyer, tab="attention") == ["disputed", "pending"]
    assert listed(buyer, tab="no such tab") == listed(buyer)
    counts = buyer.client.get("/orders/").context["counts"]
    assert counts == {"active": 1, "attention": 2}


def test_the_side_bar_counts_what_needs_attention(buyer: SimpleNamespace) -> None:
    shop.tell("order.pending", shop.offer(), buyer.workspace)
    items = {str(item.label): item.count for item in buyer.client.get("/orders/").context["shell"].items}
    assert items["Orders"] == "1"


def test_orders_of_other_workspaces_are_not_there(buyer: SimpleNamespace) -> None:
    shop.bought(factories.person("Sam").personal_workspace)
    assert listed(buyer) == []


def test_a_long_list_goes_on_on_the_next_page_and_keeps_its_tab(buyer: SimpleNamespace) -> None:
    offer = shop.offer()
    for number in range(PAGE_SIZE + 1):
        shop.tell("order.pending", offer, buyer.workspace, reference=f"ord_{number}")
    page = buyer.client.get("/orders/?tab=attention").context["page"]
    assert len(page.rows) == PAGE_SIZE
    assert "tab=attention" in page.following
    rest = buyer.client.get(f"/orders/{page.following}").context["page"]
    assert [order.reference for order in rest.rows] == ["ord_0"]


def test_queries_do_not_follow_the_number_of_orders(buyer: SimpleNamespace) -> None:
    offers = [shop.offer(), shop.early_access(), shop.offer("calls", calls=1000, interval="")]

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert buyer.client.get("/orders/").status_code == 200
        return len(captured)

    for number, offer in enumerate(offers):
        shop.bought(buyer.workspace, offer, reference=f"first_{number}")
    queries()
    before = queries()
    for number, offer in enumerate(offers * 3):
        shop.bought(buyer.workspace, offer, reference=f"more_{number}")
    assert queries() == before
    assert Order.objects.count() == len(offers) * 4


def test_home_shows_what_needs_attention(buyer: SimpleNamespace) -> None:
    assert "Orders that need attention" not in buyer.client.get("/").content.decode()
    order = shop.tell("order.pending", shop.offer(), buyer.workspace)
    page = buyer.client.get("/").content.decode()
    assert "Orders that need attention" in page
    assert f"/orders/{order.public_id}/" in page


def test_an_order_of_nothing_we_know_is_listed_all_the_same(buyer: SimpleNamespace) -> None:
    """The buyer's money was named with a product that is not ours: staff look at it."""
    offer = shop.offer()
    shop.tell("order.paid", offer, buyer.workspace, product="no-such-product")
    assert "ord_1" not in browser(buyer.person).get("/orders/").content.decode()
