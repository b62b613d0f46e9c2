"""Refusals by the stored pass, over the real Redis and PostgreSQL: each is confirmed after it was asked for."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.db.models import F

from accounts.models import Workspace
from tests import factories
from tests.tokens.gateway.calls import Client
from tiers.models import Grant, Tier
from tokens.actions.gateways import add_gateway
from tokens.actions.tokens import Minted
from tokens.gateway import confirming, passes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("patient_redis")]
ALLOWED, REFUSED = "gpt-4o-mini", "gpt-4o"


@pytest.fixture
def client() -> Client:
    factories.catalogue()
    return Client(add_gateway(name="edge", kind="custom", by=factories.administrator()).text)


@pytest.fixture
def seed(client: Client) -> Minted:
    return factories.token()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every reading of a whole pass from PostgreSQL."""
    seen: list[object] = []
    real = passes.read

    def noted(digests: Any) -> passes.Reading:
        seen.append(digests)
        return real(digests)

    monkeypatch.setattr(passes, "read", noted)
    return seen


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[confirming.Confirmed | None]:
    """What came of each question to PostgreSQL whether a stored pass is the newest."""
    answers: list[confirming.Confirmed | None] = []
    real = confirming.confirmed
    monkeypatch.setattr(confirming, "confirmed", lambda rights: answers.append(real(rights)) or answers[-1])
    return answers


def granted_unheard(token: Minted) -> None:
    """By a way that tells nobody."""
    Grant.objects.create(
        workspace=token.token.workspace, tier=Tier.objects.order_by("rank").last(), source="manual", source_id="x"
    )


def test_a_second_refusal_is_the_first_one_confirmed(
    client: Client, seed: Minted, read: list[object], told: list[object]
) -> None:
    first, *others = (client.decide(token=seed.text, model=REFUSED).json for _ in range(3))
    assert first["code"] == "tier_required"
    assert (len(read), len(told), None in told) == (1, 2, False)
    differ = {"request_id", "evaluated_at", "limits"}
    for other in others:
        assert {k: v for k, v in first.items() if k not in differ} == {
            k: v for k, v in other.items() if k not in differ
        }
        days = [body["limits"]["requests_per_day"]["remaining"] for body in (first, other)]
        assert days[0] == days[1]


def test_what_was_granted_unheard_of_is_allowed_at_once(client: Client, seed: Minted, told: list[object]) -> None:
    for _ in range(2):
        assert client.decide(token=seed.text, model=REFUSED).json["code"] == "tier_required"
    granted_unheard(seed)
    assert client.decide(token=seed.text, model=REFUSED).json["allow"]
    assert told[-1] is None


def test_a_refusal_names_the_newest_version(client: Client, seed: Minted, read: list[object]) -> None:
    before = [client.decide(token=seed.text, model=REFUSED).json["rights_version"] for _ in range(2)]
    Workspace.objects.filter(pk=seed.token.workspace_id).update(rights_version=F("rights_version") + 1)
    after = [client.decide(token=seed.text, model=REFUSED).json["rights_version"] for _ in range(2)]
    assert (before, after) == ([before[0]] * 2, [before[0] + 1] * 2)
    assert len(read) == 2


def test_a_forwarded_call_is_refused_so_too(client: Client, seed: Minted, read: list[object]) -> None:
    headers = {"Authorization": f"Bearer {seed.text}", "X-Model": REFUSED}
    statuses = [client.forward(headers=headers).status for _ in range(3)]
    assert (statuses, len(read)) == ([402] * 3, 1)


def test_many_who_wait_are_each_refused_by_their_own_pass(client: Client) -> None:
    """Tokens of several workspaces, whose versions differ, and one that is granted more."""
    minted = [factories.token() for _ in range(4)]
    for number, one in enumerate(minted):
        rows = Workspace.objects.filter(pk=one.token.workspace_id)
        rows.update(rights_version=F("rights_version") + number)
    expected = {one.text: client.decide(token=one.text, model=REFUSED).json for one in minted}
    granted_unheard(minted[0])

    def ask(number: int) -> tuple[str, Any]:
        try:
            text = minted[number % 4].text
            return text, client.decide(token=text, model=REFUSED).json
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        for text, body in pool.map(ask, range(40)):
            if text == minted[0].text:
                assert body["allow"]
            else:
                known = expected[text]
                assert (body["code"], body["rights_version"]) == (known["code"], known["rights_version"])


def test_a_connection_that_was_lost_is_not_waited_for(client: Client, seed: Minted, read: list[object]) -> None:
    for _ in range(2):
        client.decide(token=seed.text, model=REFUSED)
    assert confirming._connection is not None
    confirming._connection.close()
    assert client.decide(token=seed.text, model=REFUSED).json["code"] == "tier_required"
    assert len(read) == 2
    confirming._rests_until = 0.0
    assert client.decide(token=seed.text, model=REFUSED).json["code"] == "tier_required"
    assert len(read) == 2
