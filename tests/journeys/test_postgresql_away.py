"""PostgreSQL refuses every connection, as in an outage, while the gateway goes on asking: what was allowed goes on to
be, and nothing is refused for it."""

import time

import httpx
import pytest

from tests import factories
from tests.fixtures import proxies
from tests.fixtures.outage import outage
from tokens.actions.gateways import add_gateway
from tokens.gateway import catalogues

# How long an ask waits for a connection, and how soon after the outage all is as before.
POOL_SECONDS, BACK_SECONDS = "1", 90


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_read_is_unavailable_and_nobodys_fault() -> None:
    catalogues.forget()
    factories.catalogue()
    gateway = add_gateway(name="edge", kind="custom", by=factories.administrator())
    minted = factories.token()
    bearer = {"Authorization": f"Bearer {gateway.text}"}
    forwarded = {"X-Gateway-Key": gateway.text, "X-Forwarded-Uri": "/v1/chat/completions", "X-Api-Key": minted.text}
    ask = {"token": minted.text, "model": "gpt-4o-mini", "endpoint": "/v1/chat/completions"}
    served = proxies.trellis(TEST_POOL_SECONDS=POOL_SECONDS)
    with served as port, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90) as client:
        _wait_until_allowed(client, ask, bearer)
        with outage():
            known = client.post("/v1/decisions", json=ask, headers=bearer).json()
            assert (known["allow"], known.get("flags", [])) in [(True, []), (True, ["postgresql_away"])]
            decided = client.post("/v1/decisions", json={**ask, "model": "gpt-4o"}, headers=bearer)
            assert decided.status_code == 200
            assert (decided.json()["code"], decided.json()["status"]) == ("unavailable", 503)
            malformed = client.post("/v1/decisions", json={**ask, "token": "x"}, headers=bearer).json()
            assert malformed["code"] == "token_malformed"
            refused = client.post("/v1/forward-auth", headers={**forwarded, "X-Model": "gpt-4o"})
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
            assert refused.headers["retry-after"] == "2"
            assert "x-should-retry" not in refused.headers
            assert client.get("/healthz").status_code == 200
            ready = client.get("/readyz")
            assert (ready.status_code, ready.json()["missing"]) == (503, ["postgresql"])
        _wait_until_allowed(client, ask, bearer)
        assert client.get("/readyz").status_code == 200


def _wait_until_allowed(client: httpx.Client, ask: dict[str, str], bearer: dict[str, str]) -> None:
    """A loaded machine may take longer than an ask waits to make the first connection, too."""
    deadline = time.monotonic() + BACK_SECONDS
    while not client.post("/v1/decisions", json=ask, headers=bearer).json()["allow"]:
        assert time.monotonic() < deadline, "it stayed away"
