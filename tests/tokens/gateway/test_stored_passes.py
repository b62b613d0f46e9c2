"""What rests on a stored pass, over the real Redis: committed rows, since within a transaction nothing is stored."""

import pytest
from django.db.models import F

from accounts import announcing
from accounts.models import Workspace
from tests import factories
from tests.tokens.gateway.calls import Client
from tokens.actions.gateways import add_gateway
from tokens.actions.tokens import Minted, revoke_token
from tokens.gateway import metrics, readings

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patient_redis")]
MODEL = "gpt-4o-mini"


@pytest.fixture
def client() -> Client:
    factories.catalogue()
    return Client(add_gateway(name="edge", kind="custom", by=factories.administrator()).text)


@pytest.fixture
def seed(client: Client) -> Minted:
    return factories.token()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every reading of a pass from PostgreSQL."""
    seen: list[object] = []
    real = readings.passes.read

    def noted(digests: object) -> object:
        seen.append(digests)
        return real(digests)

    monkeypatch.setattr(readings.passes, "read", noted)
    return seen


def test_a_second_allow_reads_nothing(client: Client, seed: Minted, read: list[object]) -> None:
    first, second = (client.decide(token=seed.text, model=MODEL).json for _ in range(2))
    assert len(read) == 1
    differ = {"request_id", "evaluated_at", "limits"}
    assert {k: v for k, v in first.items() if k not in differ} == {k: v for k, v in second.items() if k not in differ}


def test_a_revoked_token_is_refused_at_once(client: Client, seed: Minted) -> None:
    assert client.decide(token=seed.text, model=MODEL).json["allow"]
    revoke_token(token=seed.token, reason="Gone", by=seed.token.created_by)
    announcing.sweep()  # A machine that is too busy to tell it in time leaves it to the sweep.
    assert client.decide(token=seed.text, model=MODEL).json["code"] == "token_revoked"


def test_a_version_that_is_asked_for_is_read_where_the_stored_one_is_older(
    client: Client, seed: Minted, read: list[object]
) -> None:
    version = client.decide(token=seed.text, model=MODEL).json["rights_version"]
    Workspace.objects.filter(pk=seed.token.workspace_id).update(rights_version=F("rights_version") + 1)
    body = client.decide(token=seed.text, model=MODEL, at_least=version + 1).json
    assert (body["allow"], body["rights_version"], len(read)) == (True, version + 1, 2)
    assert client.decide(token=seed.text, model=MODEL, at_least=version + 2).status == 409


def test_an_allowance_is_spent_by_allowed_calls_alone(client: Client, seed: Minted) -> None:
    def left() -> int:
        remaining: int = client.decide(token=seed.text, model=MODEL).json["limits"]["requests_per_day"]["remaining"]
        return remaining

    before = left()
    for _ in range(3):
        assert not client.decide(token=seed.text, model="gpt-4o").json["allow"]
    assert left() == before - 1


def test_what_it_rests_on_is_counted(client: Client, seed: Minted, monkeypatch: pytest.MonkeyPatch) -> None:
    sources: list[str] = []
    monkeypatch.setattr(metrics, "note", lambda _code, _seconds, *, source: sources.append(source))
    for _ in range(2):
        client.decide(token=seed.text, model=MODEL)
    assert sources == [metrics.POSTGRESQL, metrics.STORED_PASS]
