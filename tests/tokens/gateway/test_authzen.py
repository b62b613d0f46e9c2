"""AuthZEN 1.0, as its clients speak it."""

from typing import Any

import pytest

from tests.tokens.gateway.calls import Client, call
from tokens.actions.tokens import Minted

ONE, MANY, SEARCH = "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/resource"


def question(seed: Minted, model: str = "gpt-4o-mini", action: str = "chat_completion", **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "token", "id": seed.text},
        "resource": {"type": "model", "id": model},
        "action": {"name": action},
        **more,
    }


def test_a_permit_has_the_decision_as_its_context(asker: Client, seed: Minted) -> None:
    reply = asker.post(ONE, question(seed), headers={"X-Request-Id": "abc-1"})
    assert (reply.status, reply.json["decision"], reply.json["context"]["code"]) == (200, True, "ok")
    assert reply.headers["x-request-id"] == reply.json["context"]["request_id"] == "abc-1"


@pytest.mark.parametrize(
    ("model", "action", "code"),
    [
        ("gpt-4o", "chat_completion", "tier_required"),
        ("gpt-4o-mini", "completion", "wrong_endpoint"),
        ("gpt-4o-mini", "no_such_thing", "endpoint_unknown"),
        ("GPT-4o-mini", "chat_completion", "model_not_found"),
        ("", "chat_completion", "model_missing"),
    ],
)
def test_a_deny_is_200_and_says_why(asker: Client, seed: Minted, model: str, action: str, code: str) -> None:
    reply = asker.post(ONE, question(seed, model, action))
    assert (reply.status, reply.json["decision"], reply.json["context"]["code"]) == (200, False, code)


def test_a_token_that_is_none_is_denied_with_its_reason(asker: Client, seed: Minted) -> None:
    body = question(seed) | {"subject": {"type": "token", "id": "x"}}
    assert asker.post(ONE, body).json["context"]["code"] == "token_malformed"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("subject", None),
        ("subject", {"id": "x"}),
        ("subject", {"type": "user", "id": "x"}),
        ("resource", {"type": "model"}),
        ("resource", {"type": "model", "id": 7}),
        ("action", {}),
        ("action", "chat_completion"),
        ("context", []),
        ("context", {"ip": "nonsense"}),
    ],
)
def test_what_is_no_question_is_400_and_names_the_part(asker: Client, seed: Minted, part: str, value: Any) -> None:
    reply = asker.post(ONE, question(seed) | {part: value})
    assert (reply.status, reply.json["code"]) == (400, "invalid_ask")
    assert reply.json["param"] in {part, "ip"}


def several(seed: Minted, semantic: str | None = None) -> dict[str, Any]:
    models = ("gpt-4o-mini", "gpt-4o", "gpt-4o-mini")
    body = question(seed, evaluations=[{"resource": {"type": "model", "id": model}} for model in models])
    return body if semantic is None else body | {"options": {"evaluations_semantic": semantic}}


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        (None, [True, False, True]),
        ("execute_all", [True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_several_inherit_and_stop_as_asked(
    asker: Client, seed: Minted, semantic: str | None, expected: list[bool]
) -> None:
    answers = asker.post(MANY, several(seed, semantic)).json["evaluations"]
    assert [answer["decision"] for answer in answers] == expected
    ids = {answer["context"]["request_id"] for answer in answers}
    assert len(ids) == len(expected)


def test_one_that_cannot_be_read_spoils_no_other(asker: Client, seed: Minted) -> None:
    body = question(seed, evaluations=[{"resource": {"type": "cow", "id": "x"}}, {}])
    first, second = asker.post(MANY, body).json["evaluations"]
    assert (first["decision"], first["context"]["error"]["status"], second["decision"]) == (False, 400, True)


def test_without_a_list_it_is_one_evaluation(asker: Client, seed: Minted) -> None:
    assert asker.post(MANY, question(seed)).json["decision"] is True
    assert asker.post(MANY, question(seed, evaluations=[])).json["decision"] is True


@pytest.mark.parametrize("evaluations", [{}, [1], [{}] * 101, "x"])
def test_a_list_that_is_none_is_refused(asker: Client, seed: Minted, evaluations: Any) -> None:
    assert asker.post(MANY, question(seed, evaluations=evaluations)).status == 400


def test_an_unknown_semantic_is_refused(asker: Client, seed: Minted) -> None:
    assert asker.post(MANY, several(seed, "guess")).json["param"] == "options"


def test_search_finds_what_the_token_may_call_page_by_page(asker: Client, seed: Minted) -> None:
    body = question(seed) | {"resource": {"type": "model"}}
    everything = [found["id"] for found in asker.post(SEARCH, body).json["results"]]
    assert "gpt-4o-mini" in everything
    assert "gpt-4o" not in everything
    paged: list[str] = []
    token = ""
    while True:
        page = asker.post(SEARCH, body | {"page": {"limit": 3, "token": token}}).json
        paged += [found["id"] for found in page["results"]]
        token = page["page"]["next_token"]
        if not token:
            break
    assert paged == everything == sorted(everything)


def test_search_of_a_token_that_is_none_finds_nothing(asker: Client, seed: Minted) -> None:
    body = question(seed) | {"resource": {"type": "model"}, "subject": {"type": "token", "id": "x"}}
    assert asker.post(SEARCH, body).json["results"] == []


def test_searching_needs_its_own_scope(client: Client, seed: Minted) -> None:
    assert client.post(SEARCH, question(seed)).json["code"] == "gateway_unauthorized"
    assert client.post(ONE, question(seed)).status == 200


def test_the_metadata_names_every_endpoint(db: None) -> None:
    document = call("GET", "/.well-known/authzen-configuration").json
    assert document["policy_decision_point"] == "http://127.0.0.1:8000"
    for name, path in (("access_evaluation", ONE), ("access_evaluations", MANY), ("search_resource", SEARCH)):
        assert document[f"{name}_endpoint"] == f"http://127.0.0.1:8000{path}"
