from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis

from accounts import announcing
from accounts.errands import Errands
from accounts.wire import Wire
from tests import factories
from tests.faults import platform
from tests.faults.platform import Platform
from tests.fixtures import redis_servers
from tests.fixtures.redis_servers import Server
from tests.tokens.gateway.calls import Client
from tiers.models import Tier
from tokens.actions.gateways import add_gateway
from tokens.gateway import catalogues, clock, gateway_keys, reservations, store, unknown

PATIENT = 60


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    for _moment in range(2):
        catalogues.forget()
        unknown.forget()
        gateway_keys.forget_all()
        clock._ahead = 0.0
        if _moment == 0:
            yield


@pytest.fixture(scope="package")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with redis_servers.running(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="package")
def _counts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Where the processes send what they count, up to some seconds after the test that asked them: into no Redis that
    other tests count in."""
    with redis_servers.running(tmp_path_factory.mktemp("counts")) as server:
        yield server


@pytest.fixture(scope="package")
def _ports(django_db_setup: None, _server: Server, _counts: Server) -> Iterator[Sequence[int]]:
    """Processes take seconds to start, so one pair serves all tests that need it."""
    with platform.processes(store=_server.url, counts=_counts.url) as ports:
        yield ports


@pytest.fixture
def own_redis(_server: Server) -> Iterator[Server]:
    """One that the test may stop."""
    _server.client.flushall()
    yield _server
    if not _server.is_running:
        _server.start()


def use(url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process keep passes there, and wait for it as long as a loaded machine may need."""
    settings.PASS_STORE_URL = url
    wire = Wire(url, timeout=PATIENT)
    for module in (store, reservations):
        monkeypatch.setattr(module, "_wire", lambda: wire)
    monkeypatch.setattr(announcing, "connected", lambda _url: wire)
    monkeypatch.setattr("accounts.errands.WAIT", PATIENT)
    monkeypatch.setattr(announcing, "_errands", Errands("announcing", redis.RedisError, OSError))


@pytest.fixture
def generous(transactional_db: None) -> None:
    """The starter catalogue, with limits that no test reaches unless it sets its own."""
    factories.catalogue()
    Tier.objects.update(requests_per_minute=1_000_000_000, requests_per_day=None, requests_per_month=None)


@pytest.fixture
def client(generous: None) -> Client:
    scopes = ["decide", "introspect", "search", "usage"]
    return Client(add_gateway(name="edge", kind="custom", scopes=scopes, by=factories.administrator()).text)


@pytest.fixture
def served(
    client: Client,
    own_redis: Server,
    _counts: Server,
    _ports: Sequence[int],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> Platform:
    """Two processes of Trellis, with passes in that Redis, where this process announces; it folds what they count."""
    use(own_redis.url, settings, monkeypatch)
    settings.REDIS_URL = _counts.url
    return Platform(client.key, _ports)
