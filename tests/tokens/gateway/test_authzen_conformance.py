"""What the certification of AuthZEN 1.0 asks of a decision point, in our own subjects, resources and actions."""

from typing import Any

import pytest

from tests.tokens.gateway.calls import Client, call
from tests.tokens.gateway.test_authzen import MANY, ONE, SEARCH, question
from tokens.actions.tokens import Minted

Body = dict[str, Any]


def without(body: Body, *path: str) -> Body:
    inner = {**body}
    if len(path) == 1:
        del inner[path[0]]
    else:
        inner[path[0]] = without(inner[path[0]], *path[1:])
    return inner


def test_properties_context_and_unknown_fields_change_nothing(asker: Client, seed: Minted) -> None:
    body = question(seed, foo="bar", future={"nested": True}, context={"time": "2026-06-27T18:03-07:00"})
    for part in ("subject", "resource", "action"):
        body[part] = {**body[part], "properties": {"department": "Sales", "soft": True}}
    for _again in range(3):
        reply = asker.post(ONE, body)
        assert (reply.status, reply.json["decision"], reply.headers["content-type"]) == (200, True, "application/json")


REQUIRED = [("subject",), ("action",), ("resource",), ("subject", "type"), ("subject", "id"), ("action", "name")]
OF_RESOURCE = [("resource", "type"), ("resource", "id")]


def test_what_is_required_is_required(asker: Client, seed: Minted) -> None:
    for path in (*REQUIRED, *OF_RESOURCE):
        reply = asker.post(ONE, without(question(seed), *path))
        assert (reply.status, reply.json["param"]) == (400, path[0])


@pytest.mark.parametrize("address", [ONE, MANY, SEARCH])
def test_what_is_not_json_is_400(asker: Client, address: str) -> None:
    for media, body in (("text/plain", b"{}"), ("", b"{}"), ("application/json", b"{"), ("application/json", b"")):
        headers = {"Authorization": f"Bearer {asker.key}", "Content-Type": media}
        assert call("POST", address, headers=headers, body=body).status == 400


def test_the_request_id_comes_back_as_it_was_sent(asker: Client, seed: Minted) -> None:
    for name in ("bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "two words", "a" * 200, "{}", "\xe9"):
        for body in (question(seed), {}):
            assert asker.post(ONE, body, headers={"X-Request-Id": name}).headers["x-request-id"] == name
        stranger = call("POST", ONE, headers={"X-Request-Id": name}, body=b"{}")
        assert (stranger.status, stranger.headers["x-request-id"]) == (401, name)


def test_a_request_id_of_another_form_stays_out_of_the_decision(asker: Client, seed: Minted) -> None:
    context = asker.post(ONE, question(seed), headers={"X-Request-Id": "two words"}).json["context"]
    assert context["request_id"].startswith("req_")


@pytest.mark.parametrize(
    ("part", "value"), [("subject", {"type": "spaceship", "id": "x"}), ("resource", {"type": "record"})]
)
def test_a_search_of_an_unknown_type_finds_nothing(asker: Client, seed: Minted, part: str, value: Body) -> None:
    reply = asker.post(SEARCH, question(seed) | {"resource": {"type": "model"}} | {part: value})
    assert (reply.status, reply.json) == (200, {"results": [], "page": {"next_token": "", "count": 0}})


def test_a_search_needs_its_parts(asker: Client, seed: Minted) -> None:
    for path in (*REQUIRED, ("resource", "type")):
        assert asker.post(SEARCH, without(question(seed), *path)).status == 400


def test_a_page_of_none_says_that_there_are_more(asker: Client, seed: Minted) -> None:
    body = question(seed) | {"resource": {"type": "model"}}
    none = asker.post(SEARCH, body | {"page": {"limit": 0}}).json
    assert none["results"] == []
    first = asker.post(SEARCH, body | {"page": {"token": none["page"]["next_token"], "limit": 1.0}}).json
    assert first["results"] == asker.post(SEARCH, body).json["results"][:1]


def test_a_page_that_is_none_is_refused(asker: Client, seed: Minted) -> None:
    limits: list[Any] = [-1, True, "3", 1.5]
    tokens: list[Any] = ["gpt-4o", 7, False]
    pages: list[Any] = [[], "x", *({"limit": limit} for limit in limits), *({"token": token} for token in tokens)]
    for page in pages:
        assert asker.post(SEARCH, question(seed, page=page)).json["param"] == "page"


def test_options_of_wrong_form_are_refused(asker: Client, seed: Minted) -> None:
    options: list[Any] = [0, "", [], False, {"evaluations_semantic": []}, {"evaluations_semantic": None}]
    for one in options:
        reply = asker.post(MANY, question(seed, evaluations=[{}], options=one))
        assert (reply.status, reply.json["param"]) == (400, "options")


def test_half_a_character_is_no_text(asker: Client, seed: Minted) -> None:
    for part, kind in (("subject", "token"), ("resource", "model"), ("action", "")):
        broken = {"type": kind, "id": "a\ud800", "name": "a\udfff"}
        reply = asker.post(ONE, question(seed) | {part: broken})
        assert (reply.status, reply.json["param"]) == (400, part)
