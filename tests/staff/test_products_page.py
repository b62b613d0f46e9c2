"""What is on sale: read by staff, added and sold otherwise by administrators, in versions that are never edited."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import auditor, catalogue, shop
from tests.fixtures.signing_in import browser
from tests.staff import shown
from tiers.models import Product, ProductVersion, Tier

pytestmark = pytest.mark.django_db
LIST_QUERIES, DETAIL_QUERIES = 12, 14
FORM = {"slug": "flower", "name": "Flower", "tier": "", "amount": "5.00", "currency": "usd", "interval": ""}
FORM |= {"lasts_days": "30", "grace_days": "", "partial_refund": "keep", "reason": "Asked for", "description": ""}


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    catalogue()


def form(**instead: str) -> dict[str, str]:
    return {**FORM, "tier": str(Tier.objects.get(slug="flower").pk), **instead}


def test_a_product_is_put_on_sale(admin: Client) -> None:
    assert "Allowance pack" in shown(admin, "/catalogue/products/new/")
    page = admin.post("/catalogue/products/new/?kind=tier", form(), follow=True).content.decode()
    assert "It is on sale." in page
    assert "$5.00 for 30 days" in page
    version = ProductVersion.objects.get()
    assert (version.amount, version.currency, version.lasts_days) == (500, "USD", 30)


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [("5", "USD", 500), ("0.01", "USD", 1), ("1900", "JPY", 1900), ("1.234", "KWD", 1234), ("0.10", "EUR", 10)],
)
def test_an_amount_is_as_exact_as_its_currency(admin: Client, typed: str, currency: str, minor: int) -> None:
    admin.post("/catalogue/products/new/?kind=tier", form(amount=typed, currency=currency))
    assert ProductVersion.objects.get().amount == minor


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"amount": "5,00"}, "Write the amount as 19.00"),
        ({"amount": "5.005"}, "USD has no such small part."),
        ({"amount": "1.5", "currency": "JPY"}, "JPY has no such small part."),
        ({"amount": "0"}, "from 1 to 1,000,000,000"),
        ({"amount": "NaN"}, "Write the amount as 19.00"),
        ({"currency": "XXQ"}, "is not a currency"),
        ({"slug": "No Slug"}, "lower-case letters"),
        ({"reason": ""}, "required"),
        ({"interval": "month"}, "has no number of days"),
        ({"lasts_days": "", "partial_refund": "prorate"}, "cannot be shortened"),
    ],
)
def test_what_cannot_be_sold_is_said_beside_its_field(admin: Client, instead: dict[str, str], words: str) -> None:
    response = admin.post("/catalogue/products/new/?kind=tier", form(**instead))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Product.objects.exists()


def test_selling_it_otherwise_makes_the_next_version(admin: Client) -> None:
    shop.offer("flower", amount=500, interval="")
    assert 'value="5.00"' in shown(admin, "/catalogue/products/flower/edit/")
    path = "/catalogue/products/flower/edit/"
    page = admin.post(path, form(amount="7.50", name="Flowers"), follow=True).content.decode()
    assert "Version 2" in page
    assert "$5.00" in page
    assert "$7.50 for 30 days" in page
    assert list(ProductVersion.objects.order_by("number").values_list("amount", flat=True)) == [500, 750]
    assert "Nothing has changed." in admin.post(path, form(amount="7.50", name="Flowers")).content.decode()


def test_a_product_is_withdrawn_with_a_reason(admin: Client) -> None:
    shop.offer("flower")
    assert admin.post("/catalogue/products/flower/withdraw/", {"reason": ""}).status_code == 422
    page = admin.post("/catalogue/products/flower/withdraw/", {"reason": "No more"}, follow=True).content.decode()
    assert "Not on sale" in page
    assert "No more" in page
    assert admin.post("/catalogue/products/flower/withdraw/", {"reason": "Again"}).status_code == 422


def test_a_price_id_is_set(admin: Client) -> None:
    shop.offer("flower")
    given = {"provider": "stripe", "price_id": "price_1", "checkout_url": ""}
    page = admin.post("/catalogue/products/flower/price/", given, follow=True).content.decode()
    assert "price_1" in page
    wrong = {**given, "checkout_url": "javascript:alert(1)"}
    assert admin.post("/catalogue/products/flower/price/", wrong).status_code == 422


def test_those_who_only_read_change_nothing() -> None:
    shop.offer("flower")
    staff = browser(auditor())
    assert "Withdraw" not in shown(staff, "/catalogue/products/flower/")
    assert "Add a product" not in shown(staff, "/catalogue/products/")
    for path in ("new/", "flower/edit/", "flower/withdraw/", "flower/price/"):
        assert staff.post(f"/catalogue/products/{path}").status_code == 403


def test_the_number_of_queries_does_not_depend_on_the_rows(
    admin: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shop.offer("flower", amount=100)
    shown(admin, "/catalogue/products/")
    for number in range(3):
        shop.offer(f"more-{number}")
        admin.post("/catalogue/products/flower/edit/", form(amount=str(number + 2)))
        with django_assert_num_queries(LIST_QUERIES):
            shown(admin, "/catalogue/products/")
        with django_assert_num_queries(DETAIL_QUERIES):
            shown(admin, "/catalogue/products/flower/")
