from collections.abc import Iterator
from typing import Any

import pytest

from tests import factories
from tests.tokens.gateway.calls import Client
from tiers.models import Tier
from tokens.actions.gateways import add_gateway
from tokens.actions.tokens import Minted
from tokens.gateway import catalogues, gateway_keys, unknown, usage


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    for forget in (catalogues.forget, unknown.forget, gateway_keys.forget_all):
        forget()
    yield
    for forget in (catalogues.forget, unknown.forget, gateway_keys.forget_all):
        forget()


@pytest.fixture
def metering(db: None) -> Client:
    """A gateway that may ask for decisions and meter them, of tiers with ten calls a day and three at once."""
    factories.catalogue()
    Tier.objects.update(requests_per_minute=1000, requests_per_day=10, concurrent_calls=3)
    scopes = ["decide", "usage"]
    return Client(add_gateway(name="edge", kind="custom", scopes=scopes, by=factories.administrator()).text)


@pytest.fixture
def seed(metering: Client) -> Minted:
    """A secret token of an application on the seed tier."""
    return factories.token()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is counted as usage from now on."""
    noted: list[dict[str, Any]] = []
    real = usage.note

    def note(**values: Any) -> None:
        noted.append(values)
        real(**values)

    monkeypatch.setattr(usage, "note", note)
    return noted
