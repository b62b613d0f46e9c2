from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.tokens.network.servers import DNS


@pytest.fixture
def dns(settings: Settings) -> Iterator[DNS]:
    """The DNS server that outgoing calls ask."""
    server = DNS()
    settings.DNS_SERVERS = [server.address]
    yield server
    server.close()


@pytest.fixture
def loopback_allowed(settings: Settings) -> None:
    """As in tests and demos: loopback may be called, so that a server of the test's own can answer."""
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
