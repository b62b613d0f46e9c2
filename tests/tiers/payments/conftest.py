"""Shops that sell by Stripe, with a Stripe of their own on this machine."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.factories import person
from tests.fixtures import stripe_server
from tests.fixtures.stripe_shop import SECRET, Shop, price
from tests.fixtures.stripe_stub import Stripe
from tiers.models import Product, Tier


@pytest.fixture
def stripe(settings: Settings) -> Iterator[Stripe]:
    with stripe_server.running() as running:
        settings.STRIPE_SECRET_KEY = "sk_test_of_the_tests"
        settings.STRIPE_WEBHOOK_SECRET = SECRET
        settings.STRIPE_API_BASE = running.base
        yield running


@pytest.fixture
def shop(db: None, stripe: Stripe) -> Shop:
    """Sells the flower tier once, for five dollars."""
    return _selling(stripe)


@pytest.fixture
def monthly(db: None, stripe: Stripe) -> Shop:
    """Sells the flower tier by the month."""
    return _selling(stripe, interval="month")


def _selling(stripe: Stripe, **values: str) -> Shop:
    Tier.objects.create(slug="flower", name="Flower", rank=2, requests_per_minute=60)
    product = Product.objects.create(slug="flower", kind="tier")
    price(product, stripe, **values)
    return Shop(stripe, product, person())
