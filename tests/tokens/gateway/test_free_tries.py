"""A free try is taken by an allowed call alone, once for a request, while the window is open."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests import factories
from tests.factories import sales
from tests.tokens.gateway.calls import CHAT, Client
from tiers.actions.grants import give_grant
from tiers.entitlements import ASKED_AT_MOST
from tiers.models import AIModel, FreeTries, Tier
from tokens.actions.tokens import Minted

MODEL = "gpt-4o-mini"
WEEK = timedelta(days=7)


def taken() -> int:
    return sum(FreeTries.objects.values_list("taken", flat=True))


def ask(client: Client, minted: Minted, **more: Any) -> Any:
    return client.decide(token=minted.text, **{"model": MODEL, **more}).json


def test_each_call_takes_one_and_is_told_how_many_are_left(client: Client, seed: Minted) -> None:
    model = sales.early_access(MODEL, tries=2)
    first, second, third = (ask(client, seed) for _ in range(3))
    assert (first["code"], first["tries_left"]) == ("ok", 1)
    assert first["granted_by"]["source"] == "free_try"
    assert first["granted_by"]["id"] == MODEL
    assert first["granted_by"]["until"][:16] == f"{model.early_access_until:%Y-%m-%dT%H:%M}"
    assert (second["code"], second["tries_left"]) == ("ok", 0)
    assert (third["code"], third["status"]) == ("trial_used_up", 402)
    assert "tries_left" not in third
    assert "All 2 free tries" in third["message"]


def test_what_a_grant_opens_takes_no_try(client: Client, seed: Minted) -> None:
    model = sales.early_access(MODEL, tries=2)
    give_grant(
        workspace=seed.token.workspace,
        model=model,
        source="manual",
        source_id="1",
        reason="Partner",
        by=factories.administrator(),
    )
    assert "tries_left" not in ask(client, seed)
    assert taken() == 0


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"endpoint": "/v1/completions"}, "wrong_endpoint"),
        ({"permission": "download"}, "approval_required"),
        ({"token": None}, "token_missing"),
        ({"at_least": 10**6}, "version_ahead"),
    ],
)
def test_a_call_that_is_refused_takes_none(client: Client, seed: Minted, asked: dict[str, Any], code: str) -> None:
    sales.early_access(MODEL, tries=1)
    assert client.decide(**{"token": seed.text, "model": MODEL, **asked}).json["code"] == code
    assert taken() == 0


def test_a_call_that_a_proxy_may_not_pass_on_takes_none(client: Client, seed: Minted) -> None:
    sales.early_access(MODEL, tries=1)
    headers = {"X-Api-Key": seed.text, "Content-Encoding": "gzip"}
    reply = client.forward(f"{CHAT}?model={MODEL}", headers=headers, body=b"packed")
    assert reply.status == 413
    assert taken() == 0
    assert client.forward(f"{CHAT}?model={MODEL}", headers={"X-Api-Key": seed.text}).status == 200
    assert taken() == 1


def test_a_request_asked_again_takes_no_other_try_for_five_minutes(client: Client, seed: Minted) -> None:
    sales.early_access(MODEL, tries=1)
    assert [ask(client, seed, request_id="req_a")["tries_left"] for _ in range(2)] == [0, 0]
    assert ask(client, seed, request_id="req_b")["code"] == "trial_used_up"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tiers_freetries SET request_ids = jsonb_build_object('req_a',"
            " jsonb_build_array(extract(epoch FROM now() - interval '301 seconds'), 2))"
        )
    assert ask(client, seed, request_id="req_a")["code"] == "trial_used_up"


def test_a_request_id_is_not_good_for_ever_more_calls(client: Client, seed: Minted) -> None:
    sales.early_access(MODEL, tries=1)
    Tier.objects.update(requests_per_minute=10_000)
    codes = [ask(client, seed, request_id="req_a")["code"] for _ in range(ASKED_AT_MOST + 1)]
    assert codes == ["ok"] * ASKED_AT_MOST + ["trial_used_up"]


def test_what_was_asked_long_ago_is_forgotten_when_the_next_try_is_taken(client: Client, seed: Minted) -> None:
    model = sales.early_access(MODEL, tries=3)
    old = {"req_old": [timezone.now().timestamp() - 400, 1]}
    FreeTries.objects.create(workspace=seed.token.workspace, model=model, taken=1, request_ids=old)
    assert ask(client, seed, request_id="req_new")["tries_left"] == 1
    assert FreeTries.objects.get().request_ids.keys() == {"req_new"}


@pytest.mark.parametrize("header", ["X-Request-Id", "X-Trellis-Request-Id", "Request-Id"])
def test_behind_a_proxy_a_caller_cannot_say_which_request_it_is(client: Client, seed: Minted, header: str) -> None:
    sales.early_access(MODEL, tries=2)
    headers = {"X-Api-Key": seed.text, header: "req_same"}
    statuses = [client.forward(headers=headers, json_body={"model": MODEL}).status for _ in range(3)]
    assert statuses == [200, 200, 402]


def test_tries_end_with_the_window_by_the_clock_alone(client: Client, seed: Minted) -> None:
    sales.early_access("gpt-4o", tries=5, starts=-9, ends=-1)
    assert ask(client, seed, model="gpt-4o")["code"] == "tier_required"
    sales.early_access(MODEL, tries=5, starts=-9, ends=-1)
    assert ask(client, seed)["granted_by"]["source"] == "rule"
    assert taken() == 0


def test_a_goal_that_was_reached_opens_the_model_to_its_tier(client: Client, seed: Minted) -> None:
    sales.early_access(MODEL)
    assert ask(client, seed)["code"] == "early_access"
    AIModel.objects.filter(name=MODEL).update(goal_reached_at=timezone.now())
    assert ask(client, seed)["granted_by"]["source"] == "rule"


def test_before_the_window_the_tier_opens_the_model(client: Client, seed: Minted) -> None:
    sales.early_access(MODEL, tries=5, starts=1, ends=2)
    assert ask(client, seed)["granted_by"]["source"] == "rule"


@pytest.mark.django_db(transaction=True)
def test_a_try_that_cannot_be_written_is_told_as_unavailable() -> None:
    factories.catalogue()
    sales.early_access(MODEL, tries=5)
    from tokens.actions.gateways import add_gateway

    client = Client(add_gateway(name="edge", kind="custom", by=factories.administrator()).text)
    minted = factories.token()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tiers_freetries ADD CONSTRAINT none_for_now CHECK (false)")
    try:
        body = ask(client, minted)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tiers_freetries DROP CONSTRAINT none_for_now")
    assert (body["code"], body["status"]) == ("unavailable", 503)
    assert ask(client, minted)["tries_left"] == 4
