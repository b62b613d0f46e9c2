"""`POST /v1/decisions`: what is understood, what is not, and the shape of the answer."""

import json
import re

import pytest
from django.core.management import call_command

from tests.tokens.gateway.calls import CHAT, Client, call
from tokens.actions.tokens import Minted
from tokens.models import Application

KEYS = {
    *("allow", "status", "code", "type", "param", "message", "remedies", "also", "request_id"),
    *("rights_version", "evaluated_at", "workspace", "application", "tier"),
    "limits",
}
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def test_an_allow_says_by_what(client: Client, seed: Minted) -> None:
    reply = client.decide(token=seed.text, model="gpt-4o-mini", request_id="abc-1_Z")
    body = reply.json
    assert (reply.status, body.keys()) == (200, KEYS | {"granted_by"})
    assert (body["allow"], body["status"], body["code"], body["tier"]) == (True, 200, "ok", "seed")
    assert body["granted_by"].keys() == {"source", "id", "until"}
    assert body["granted_by"]["source"] == "rule"
    assert body["workspace"] == seed.token.workspace.public_id
    assert body["application"] == seed.token.application.slug
    assert (body["request_id"], body["remedies"], body["also"]) == ("abc-1_Z", [], [])
    assert UTC.fullmatch(body["evaluated_at"])


def test_a_refusal_says_why_and_what_to_do(client: Client, seed: Minted) -> None:
    body = client.decide(token=seed.text, model="gpt-4o").json
    assert body.keys() == KEYS
    assert (body["allow"], body["status"], body["code"]) == (False, 402, "tier_required")
    assert (body["type"], body["param"]) == ("insufficient_access", "model")
    assert "flower" in body["message"]
    assert body["remedies"][0]["kind"] == "apply"
    assert body["remedies"][0]["href"] == "http://127.0.0.1:8000/requests/new/?tier=flower"


def test_the_first_reason_is_told_and_the_later_ones_beside_it(client: Client, seed: Minted) -> None:
    body = client.decide(token=seed.text, model="gpt-4o", endpoint="/v1/completions").json
    assert body["code"] == "tier_required"
    assert [later.keys() for later in body["also"]] == [{"code", "message"}]
    assert body["also"][0]["code"] == "wrong_endpoint"


def test_the_anonymous_have_no_workspace(client: Client) -> None:
    body = client.decide(model="gpt-4o-mini").json
    assert (body["code"], body["tier"], body["rights_version"]) == ("token_missing", "anonymous", None)
    assert not {"workspace", "application"} & body.keys()


MALFORMED = ["", " ", "x", "trl_sk_", "a\0b", "trl_sk_" + "0" * 47, "é" * 54, "t" * 60_000, "Bearer trl_sk_x"]


@pytest.mark.parametrize("token", MALFORMED, ids=lambda token: repr(token)[:20])
def test_what_is_no_token_is_malformed_and_never_anonymous(stranger: Client, token: str) -> None:
    body = stranger.decide(token=token, model="gpt-4o-mini").json
    assert (body["code"], body["status"]) == ("token_malformed", 401)
    assert not {"workspace", "application", "tier"} & body.keys()


def test_a_gateways_key_is_no_token(client: Client) -> None:
    assert client.decide(token=client.key).json["code"] == "token_malformed"


def test_a_query_given_with_the_endpoint_is_read_too(client: Client, seed: Minted) -> None:
    Application.objects.update(secret_in_query=True)
    assert client.decide(endpoint=f"{CHAT}?key={seed.text}&model=gpt-4o-mini").json["allow"]
    assert client.decide(endpoint=f"{CHAT}?key={seed.text}", token=seed.text, model="gpt-4o-mini").json["allow"]
    body = client.decide(endpoint=f"{CHAT}?key=x", token=seed.text, model="gpt-4o-mini").json
    assert (body["code"], body["allow"]) == ("token_malformed", False)
    assert "two tokens" in body["message"]
    reply = client.decide(endpoint=f"{CHAT}?model=gpt-4o", token=seed.text, model="gpt-4o-mini")
    assert (reply.status, reply.json["code"], reply.json["param"]) == (400, "ask_ambiguous", "model")
    Application.objects.update(secret_in_query=False)
    body = client.decide(endpoint=f"{CHAT}?key={seed.text}", model="gpt-4o-mini").json
    assert body["code"] == "token_malformed"
    assert "header" in body["message"]


NOT_JSON = {
    "empty": b"",
    "text": b"endpoint",
    "cut": b'{"endpoint": "/v1',
    "two values": b'{"endpoint": "/v1/x"} {}',
    "comment": b'{"endpoint": "/v1/x" /* */}',
    "single quotes": b"{'endpoint': '/v1/x'}",
    "trailing comma": b'{"endpoint": "/v1/x",}',
    "raw NUL": b'{"endpoint": "/v1/\x00"}',
    "not UTF-8": b'{"endpoint": "/v1/\xff"}',
    "UTF-16": '{"endpoint": "/v1/x"}'.encode("utf-16"),
    "mark": b'\xef\xbb\xbf{"endpoint": "/v1/x"}',
    "NaN": b'{"endpoint": "/v1/x", "cost": NaN}',
    "Infinity": b'{"endpoint": "/v1/x", "other": -Infinity}',
    "key twice": b'{"endpoint": "/v1/x", "model": "a", "model": "b"}',
    "key twice, escaped": b'{"endpoint": "/v1/x", "model": "a", "mod\\u0065l": "a"}',
    "key twice, inside": b'{"endpoint": "/v1/x", "other": {"a": 1, "a": 1}}',
    "17 deep": b'{"endpoint": "/v1/x", "other": ' + b"[" * 16 + b"]" * 16 + b"}",
    "very deep": b'{"endpoint": "/v1/x", "other": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "very deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a number of 5000 digits": b'{"endpoint": "/v1/x", "cost": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("raw", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_said_to_be_so(stranger: Client, raw: bytes) -> None:
    reply = stranger.decide(raw)
    assert (reply.status, reply.json["code"]) == (400, "invalid_json")
    assert reply.headers["content-type"] == "application/problem+json"
    assert {"title", "detail", "status", "code", "type"} <= reply.json.keys()


INVALID: list[tuple[str, str | None]] = [
    ("[]", None),
    ("null", None),
    ('"text"', None),
    ("{}", "endpoint"),
    ('{"endpoint": null}', "endpoint"),
    ('{"endpoint": 1}', "endpoint"),
    ('{"endpoint": "\\ud800"}', "endpoint"),
    *((f'{{"endpoint": "/v1/x", "{name}": {value}}}', name) for name, value in [
        *((name, value) for name in ("token", "model", "method", "origin", "ip") for value in ("1", "[]", "true")),
        *((name, '"\\udc00"') for name in ("token", "model", "method", "origin", "permission")),
        *(("ip", value) for value in ('""', '"x"', '"1.2.3"', '"1.2.3.4:80"', '"fe80::1%eth0"', '"10.0.0.0/8"')),
        *(("permission", value) for value in ('""', '"all"', '"Generate"', "1")),
        *(("cost", value) for value in ("0", "-1", "-0.0", '"1"', "true", "[]", "1e400", "1e300", "-1e400")),
        *(("at_least", value) for value in ('"1"', "1.5", "true", "-1", "[]")),
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "param"), INVALID, ids=[raw for raw, _ in INVALID])
def test_a_wrong_field_is_named(stranger: Client, raw: str, param: str | None) -> None:
    reply = stranger.decide(raw.encode())
    assert (reply.status, reply.json["code"], reply.json.get("param")) == (400, "invalid_ask", param)


UNDERSTOOD = [
    {"token": None, "model": None, "method": None, "origin": None, "ip": None, "cost": None, "at_least": None},
    {"ip": "::ffff:192.0.2.1"},
    {"ip": "2001:db8::1"},
    {"cost": 0.5},
    {"cost": 10**9},
    {"unknown": {"a": [1]}, "also": "\ud800"},
    {"model": "a\0b\n" + "x" * 50_000},
    {"model": "名前\u202e🦄"},
    {"method": "\r\nX: y"},
    {"origin": "null"},
    {"endpoint": ""},
    {"endpoint": "/v1/\0"},
    {"endpoint": "/" * 50_000},
    {"endpoint": "/v1/chat/completions\r\nX-Evil: 1"},
    {"endpoint": "http://example.com/v1/chat/completions"},
    {"at_least": 10**30},
    {"other": json.loads("[" * 14 + "]" * 14)},
]


@pytest.mark.parametrize("ask", UNDERSTOOD, ids=lambda ask: repr(ask)[:40])
def test_odd_asks_are_answered_all_the_same(client: Client, ask: dict[str, object]) -> None:
    reply = client.decide(**ask)
    assert reply.status == 200
    assert reply.json["status"] in {400, 401, 404}
    assert "\n" not in reply.json["message"]


def test_request_ids_that_do_not_fit_are_replaced(client: Client) -> None:
    for given in ("", "a b", "x" * 65, "a\n", "é", "a\r\nX: y", 7, None, ["a"]):
        made = client.decide(request_id=given).json["request_id"]
        assert made != given
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", made)


def test_sizes_and_types(client: Client) -> None:
    padding = b'{"endpoint": "/v1/x", "other": "%s"}'
    assert client.decide(padding % (b"x" * (65536 - len(padding) + 2))).status == 200
    assert client.decide(padding % (b"x" * (65536 - len(padding) + 3))).json["code"] == "too_large"
    for media in ("", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"):
        reply = client.decide(headers={"Content-Type": media})
        assert (reply.status, reply.json["code"]) == (415, "unsupported_media_type")
    assert client.decide(headers={"Content-Type": 'Application/JSON; charset="UTF-8"'}).status == 200
    assert client.decide(headers={"Content-Encoding": "gzip"}).status == 415


def test_a_body_without_a_declared_length_is_bounded_too(client: Client) -> None:
    headers = {"Authorization": f"Bearer {client.key}", "Content-Type": "application/json"}
    small, large = b'{"endpoint": "/v1/x"}', b" " * 70_000
    assert call("POST", "/v1/decisions", headers=headers, body=small, chunked=True).status == 200
    assert call("POST", "/v1/decisions", headers=headers, body=large, chunked=True).status == 413
    lied = {**headers, "Content-Length": "1e9"}
    assert call("POST", "/v1/decisions", headers=lied, body=small, chunked=True).status == 400


def test_no_rights_newer_than_those_committed(client: Client, seed: Minted) -> None:
    version = client.decide(token=seed.text, model="gpt-4o-mini").json["rights_version"]
    assert client.decide(token=seed.text, at_least=version).status == 200
    reply = client.decide(token=seed.text, at_least=version + 1)
    assert (reply.status, reply.json["code"]) == (409, "version_ahead")


def test_messages_speak_chinese_to_who_asks_for_it(client: Client) -> None:
    call_command("compile_translations")
    for header in ("zh-CN,zh;q=0.9,en;q=0.1", "zh-Hans", "xx, zh-hans;q=0.5"):
        assert "没有名为" in client.decide(model="q", headers={"Accept-Language": header}).json["message"]
    assert "There is no model" in client.decide(model="q").json["message"]


def test_messages_speak_english_to_all_others(client: Client) -> None:
    for header in ("", "xx", "de;q=1", "*", "zh-hans;q=abc", "," * 5000, "en-GB,zh-CN;q=0.5"):
        assert "There is no model" in client.decide(model="q", headers={"Accept-Language": header}).json["message"]


@pytest.mark.django_db
def test_other_paths_and_methods_are_said_to_be_none() -> None:
    reply = call("GET", "/v1/decisions")
    assert (reply.status, reply.headers["allow"], reply.error["code"]) == (405, "POST", "method_not_allowed")
    for path in ("/v1/", "/v1/nothing", "/v1/decisions/", "/v1/forward-authority", CHAT):
        reply = call("POST", path, body=b"{}")
        assert (reply.status, reply.error["code"]) == (404, "not_found")
        assert reply.error["type"] == "invalid_request_error"
