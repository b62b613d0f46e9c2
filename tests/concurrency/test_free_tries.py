"""As many free tries as the model gives are taken, however many ask at once: real threads, real connections."""

from functools import partial

import pytest

from tests import factories
from tests.concurrency import at_once
from tests.factories import sales
from tests.tokens.gateway.calls import Client
from tiers.models import AIModel, FreeTries
from tokens.actions.gateways import add_gateway
from tokens.gateway import catalogues, gateway_keys
from tokens.models import Token

pytestmark = pytest.mark.django_db(transaction=True)
# No more than the pool has connections: on a slow machine the others might wait for one too long.
CALLERS, GIVEN = 12, 3


@pytest.fixture
def asked(transactional_db: None) -> tuple[Client, str]:
    catalogues.forget()
    gateway_keys.forget_all()
    factories.catalogue()
    sales.early_access(tries=GIVEN)
    return Client(add_gateway(name="edge", kind="custom", by=factories.administrator()).text), factories.token().text


def codes(client: Client, token: str, request_ids: list[str]) -> list[str]:
    doings = [partial(client.decide, token=token, model="gpt-4o-mini", request_id=name) for name in request_ids]
    return [reply.json["code"] for reply in at_once(*doings)]  # type: ignore[attr-defined]


def test_of_many_first_calls_at_once_as_many_are_allowed_as_there_are_tries(asked: tuple[Client, str]) -> None:
    answers = codes(*asked, [f"req_{number}" for number in range(CALLERS)])
    assert sorted(answers) == ["ok"] * GIVEN + ["trial_used_up"] * (CALLERS - GIVEN)
    assert FreeTries.objects.get().taken == GIVEN


def test_calls_of_two_tokens_of_one_workspace_share_its_tries(asked: tuple[Client, str]) -> None:
    client, first = asked
    second = factories.token(Token.objects.get().application).text
    doings = [
        partial(client.decide, token=token, model="gpt-4o-mini", request_id=f"req_{n}")
        for n, token in enumerate([first, second] * 5)
    ]
    answers = [reply.json["code"] for reply in at_once(*doings)]  # type: ignore[attr-defined]
    assert answers.count("ok") == GIVEN


def test_one_request_asked_by_many_at_once_takes_one_try(asked: tuple[Client, str]) -> None:
    assert codes(*asked, ["req_same"] * CALLERS) == ["ok"] * CALLERS
    assert FreeTries.objects.get().taken == 1


def test_tries_of_one_model_are_not_those_of_another(asked: tuple[Client, str]) -> None:
    client, token = asked
    sales.early_access("gpt-4o", tries=1)
    assert codes(client, token, ["req_1", "req_2"]) == ["ok"] * 2
    assert client.decide(token=token, model="gpt-4o").json["tries_left"] == 0
    assert {tries.model.name: tries.taken for tries in FreeTries.objects.select_related("model")} == {
        "gpt-4o-mini": 2,
        "gpt-4o": 1,
    }
    assert AIModel.objects.get(name="gpt-4o").free_tries == 1
