"""A refusal is told in the caller's language; what programs read is the same in all."""

import re
from typing import Any

import pytest
from django.core.management import call_command

from tests.tokens.gateway.calls import CHAT, Client
from tokens.actions.tokens import Minted, revoke_token

HAN = re.compile(r"[\u4e00-\u9fff]")
CHINESE = {"Accept-Language": "zh-hans"}


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    call_command("compile_translations")


def both(client: Client, **ask: Any) -> tuple[Any, Any]:
    return client.decide(**ask).json, client.decide(headers=CHINESE, **ask).json


def codes(answer: Any) -> Any:
    """All but the sentences, and what differs from one ask to the next."""
    remedies = [{k: v for k, v in remedy.items() if k != "label"} for remedy in answer.get("remedies", [])]
    said = {"message", "remedies", "request_id", "evaluated_at", "limits"}
    return {k: v for k, v in answer.items() if k not in said} | {"remedies": remedies}


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"model": "no-such-model"}, "model_not_found"),
        ({"model": "GPT-4o-mini"}, "model_not_found"),
        ({}, "model_missing"),
        ({"model": "gpt-4o-mini", "endpoint": "/v1/completions"}, "wrong_endpoint"),
        ({"model": "gpt-4o-mini", "endpoint": "/v1/nothing"}, "endpoint_unknown"),
        ({"model": "gpt-4o-mini", "token": "trl_sk_bad"}, "token_malformed"),
        ({"model": "claude-sonnet-4-6"}, "tier_required"),
    ],
)
def test_sentences_are_chinese_and_codes_stay(client: Client, seed: Minted, ask: dict[str, Any], code: str) -> None:
    english, chinese = both(client, **{"token": seed.text, **ask})
    assert english["code"] == code
    assert codes(chinese) == codes(english)
    assert HAN.search(chinese["message"])
    assert not HAN.search(english["message"])
    for here, there in zip(chinese["remedies"], english["remedies"], strict=True):
        assert HAN.search(here["label"])
        assert not HAN.search(there["label"])


def test_a_revoked_token_is_said_to_be_revoked(client: Client, seed: Minted) -> None:
    revoke_token(token=seed.token, reason="Seen in a log", leaked=True, by=seed.token.created_by)
    english, chinese = both(client, token=seed.text, model="gpt-4o-mini")
    assert english["code"] == chinese["code"] == "token_revoked"
    assert "因泄露" in chinese["message"]


def test_the_openai_shape_is_told_in_chinese_too(client: Client, seed: Minted) -> None:
    headers = {**CHINESE, "Authorization": f"Bearer {seed.text}"}
    error = client.forward(CHAT, headers=headers, json_body={"model": "no-such-model"}).error
    assert error["code"] == "model_not_found"
    assert "没有名为" in error["message"]
