"""One Trellis and one model server for all tests of a file: nothing of what they ask changes what the next may do."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from tests import factories
from tests.fixtures import proxies, upstream
from tests.fixtures.emptying import empty
from tests.fixtures.upstream import Upstream
from tests.gateways.edges import PROMPT, Front
from tokens.actions.gateways import add_gateway
from tokens.gateway import catalogues
from tokens.models import Application
from tokens.restrictions import Restrictions

# It takes long to install and to start: `make test-litellm` names the program.
collect_ignore = [] if os.environ.get("LITELLM") else ["test_litellm.py"]
KINDS = ("caddy", "traefik", "envoy", "custom")
ELSEWHERE = "192.0.2.0/24"


@dataclass(frozen=True)
class Platform:
    """`token` stands on seed; `distant` works from addresses that no caller here has. `keys`: one a kind of gateway."""

    trellis: str
    upstream: Upstream
    keys: dict[str, str]
    token: str
    distant: str
    application: str
    workspace: str

    @property
    def places(self) -> dict[str, str]:
        """What an operator changes in a shipped configuration."""
        return {"127.0.0.1:8000": self.trellis, "127.0.0.1:9000": f"127.0.0.1:{self.upstream.port}"}


@pytest.fixture(scope="package")
def platform(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Platform]:
    with django_db_blocker.unblock():
        catalogues.forget()
        factories.catalogue()
        administrator = factories.administrator()
        keys = {kind: add_gateway(name=kind, kind=kind, by=administrator).text for kind in KINDS}
        minted = factories.token()
        application = minted.token.application
        distant = factories.token(application, restrictions=Restrictions(addresses=(ELSEWHERE,)))
        Application.objects.update(secret_in_query=True)
        with upstream.running() as models, proxies.trellis() as port:
            names = {"application": application.slug, "workspace": application.workspace.public_id}
            yield Platform(f"127.0.0.1:{port}", models, keys, minted.text, distant.text, **names)
        empty(None)
        catalogues.forget()


@pytest.fixture
def received(platform: Platform) -> list[upstream.Received]:
    """What reached the model server in this test."""
    platform.upstream.received.clear()
    return platform.upstream.received


@pytest.fixture(scope="package")
def told(platform: Platform, bearer: dict[str, str]) -> set[str]:
    """The header fields of limits that Trellis itself sends with an allow."""
    asked = {"X-Gateway-Key": platform.keys["custom"], "X-Forwarded-Uri": PROMPT, "X-Forwarded-Method": "GET"}
    host, _colon, port = platform.trellis.partition(":")
    reply = Front(int(port), Path(host)).call("GET", "/v1/forward-auth", {**asked, **bearer})
    assert (reply.status, bool(reply.limits)) == (200, True), reply
    return reply.limits


@pytest.fixture(scope="package")
def bearer(platform: Platform) -> dict[str, str]:
    return {"Authorization": f"Bearer {platform.token}", "Accept-Language": "en"}
