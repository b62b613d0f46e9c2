from collections.abc import Iterator

import pytest
from django.conf import settings

from accounts.wire import Wire
from tests import factories
from tests.tokens.gateway.calls import Client
from tokens.actions.gateways import MintedGateway, add_gateway
from tokens.actions.tokens import Minted
from tokens.gateway import catalogues, gateway_keys, store, unknown


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Versions of rows that a test rolled back mean something else in the next."""
    catalogues.forget()
    unknown.forget()
    gateway_keys.forget_all()
    yield
    catalogues.forget()
    unknown.forget()
    gateway_keys.forget_all()


@pytest.fixture(scope="module")
def patient_redis() -> Iterator[None]:
    """A loaded machine may be slower than what a decision waits for; then each process would count for itself."""
    wire = Wire(settings.PASS_STORE_URL, timeout=60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_wire", lambda: wire)
        yield


@pytest.fixture
def catalogue(db: None) -> None:
    factories.catalogue()


@pytest.fixture
def gateway(db: None) -> MintedGateway:
    return add_gateway(name="edge", kind="custom", by=factories.administrator())


@pytest.fixture
def asker(catalogue: None) -> Client:
    """A gateway that may introspect, search and meter too."""
    scopes = ["decide", "introspect", "search", "usage"]
    return Client(add_gateway(name="asker", kind="custom", scopes=scopes, by=factories.administrator()).text)


@pytest.fixture
def stranger(gateway: MintedGateway) -> Client:
    """For asks that never come to a decision: without a catalogue, which takes its time to load."""
    return Client(gateway.text)


@pytest.fixture
def client(gateway: MintedGateway, catalogue: None) -> Client:
    return Client(gateway.text)


@pytest.fixture
def seed(catalogue: None) -> Minted:
    """A secret token of an application on the seed tier."""
    return factories.token()
