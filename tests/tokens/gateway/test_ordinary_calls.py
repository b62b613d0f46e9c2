"""What is answered in one piece is what the general way answers: the same ask is read, the same answer told."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.gateway.worlds import NOW
from tiers.facts import TierFacts
from tokens.gateway import express, refusals, request_ids, service
from tokens.gateway.ask import Ask
from tokens.gateway.express import Allow
from tokens.gateway.gateway_keys import GatewayRecord
from tokens.gateway.http import ALWAYS, Call, Fault, Ready
from tokens.gateway.protocols import (
    forward_auth,
    forwarded,
    json_bodies,
    native,
    ordinary,
    ordinary_answers,
    presentation,
)
from tokens.gateway.stored import StoredPass
from tokens.gateway.verdicts import Verdict

GATEWAY = GatewayRecord(
    "gateway00001", "custom", "X-Uri", "X-Method", "X-Address", "X-Model", frozenset({"decide"}), remembered=False
)
ID, AT = "req_1", NOW.timestamp()

# --- Reading ----------------------------------------------------------------------------------------------

texts = st.sampled_from(
    ["", "a", "gpt", "/v1/chat", "/v1/chat?model=b", "é", "\ud800", 'a"b', "a\\b", "x" * 300, "1.2.3.4"]
)
anything = (
    texts | st.none() | st.integers(-1, 3) | st.floats(allow_nan=False) | st.booleans() | st.just([]) | st.just({})
)
fields = st.fixed_dictionaries(
    {"token": texts, "endpoint": texts},
    optional={
        "model": anything,
        "method": anything,
        "origin": anything,
        "ip": st.sampled_from(["192.0.2.7", "::ffff:192.0.2.7", "fe80::1%eth0", "nowhere", "", None]),
        "permission": st.sampled_from(["generate", "download", "all", "", None]),
        "cost": anything,
        "request_id": texts,
        "at_least": anything,
        "unheard_of": anything,
    },
)


def generally(raw: bytes) -> Ask | None:
    """None for a mistake. What the general way takes from a query, or asks for beside it, no ordinary ask has."""
    try:
        values = json_bodies.strict_object(raw)
        assert native.read_check(values) is None
        ask = native.read_ask(values, request_ids.accepted(values.get("request_id")), GATEWAY.id)
    except Fault:
        return None
    return ask


def ordinarily(raw: bytes) -> Ask | None:
    body = ordinary.read_body(raw)
    return ordinary.read_ask(body, GATEWAY) if body else None


def but_for_its_name(ask: Ask | None) -> dict[str, Any]:
    values = {name: getattr(ask, name) for name in Ask.__struct_fields__}
    if values["request_id"].startswith("req_"):
        values["request_id"] = ""
    return values


@given(fields, st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_a_body_is_read_as_the_general_way_reads_it(
    values: dict[str, Any], escaped: bool, separators: tuple[str, str]
) -> None:
    raw = json.dumps(values, ensure_ascii=escaped, separators=separators).encode("utf-8", "surrogatepass")
    ask = ordinarily(raw)
    if ask is not None:
        assert "?" not in ask.endpoint
        assert but_for_its_name(ask) == but_for_its_name(generally(raw))


FULL = {
    "token": "t",
    "endpoint": "/v1/chat",
    "model": "gpt",
    "method": "GET",
    "origin": "https://example.com",
    "ip": "192.0.2.7",
    "permission": "download",
    "cost": 2.5,
    "request_id": "call-1",
}


@pytest.mark.parametrize("left_out", [(), tuple(FULL)[2:], ("cost", "ip")])
def test_all_that_gateways_say_of_a_call_is_ordinary(left_out: tuple[str, ...]) -> None:
    raw = json.dumps({name: value for name, value in FULL.items() if name not in left_out}).encode()
    assert ordinarily(raw) is not None
    assert but_for_its_name(ordinarily(raw)) == but_for_its_name(generally(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"token":"a","token":"b","endpoint":"/x"}',
        b'{"token":"a","endpoint":"/x","endpoint":"/x"}',
        b'{"token":"a","endpoint":"/x","model":null}',
        b'{"token":"a","endpoint":"/x","at_least":3}',
        b'{"token":"a","endpoint":"/x?model=gpt"}',
        b'{"token":"a","endpoint":"\\u002fx"}',
        b'{"endpoint":"/x"}',
        b'{"token":"a"}',
        b"[]",
        b"{",
        b"",
    ],
)
def test_what_is_unusual_is_left_to_the_general_way(raw: bytes) -> None:
    assert ordinarily(raw) is None


headers = st.fixed_dictionaries(
    {"HTTP_X_URI": st.sampled_from(["/v1/chat", "/v1/chat?key=1", "", "/é"])},
    optional={
        "HTTP_X_METHOD": st.sampled_from(["GET", "", "POST"]),
        "HTTP_X_ADDRESS": st.sampled_from(["192.0.2.7", "10.0.0.1, 192.0.2.7:80", "[::1]:8", "unknown", ""]),
        "HTTP_X_MODEL": st.sampled_from(["gpt", " gpt ", "", "gl\xc3\xbcck", "\xff"]),
        "HTTP_ORIGIN": st.sampled_from(["https://example.com", ""]),
    },
)


@given(headers)
def test_a_forwarded_call_is_read_as_the_general_way_reads_it(given_headers: Mapping[str, str]) -> None:
    environ: Any = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": forwarded.PREFIX,
        "wsgi.input": BytesIO(),
        "HTTP_AUTHORIZATION": "Bearer t",
        **given_headers,
    }
    ask = ordinary.read_forwarded(environ, "t", GATEWAY)
    assert (ask is None) == ("?" in given_headers["HTTP_X_URI"])
    if ask is not None:
        asked = forwarded.read(Call(environ), GATEWAY)
        assert but_for_its_name(ask) == but_for_its_name(forward_auth.ask_of(asked, ID, GATEWAY))


# --- Telling ----------------------------------------------------------------------------------------------

units = st.just(-1) | st.integers(0, 10**6).map(lambda calls: calls * 1000)
left = st.integers(0, 10**9)
state = st.tuples(st.just(-1) | st.integers(0, 10**6), left, left, units, left, units, left).map(list)
names = st.sampled_from(["a", "a-b", "glück", 'of "us"'])


@st.composite
def allows(draw: st.DrawFn) -> Allow:
    states = draw(st.lists(state, max_size=3))
    grants = [(draw(st.sampled_from(["rule", "order"])), draw(names), draw(st.sampled_from([None, AT + 9, AT + 0.5])))]
    found = StoredPass(
        token="token0000001",
        workspace="space0000001",
        application="app000000001",
        slug=draw(names),
        publishable=draw(st.booleans()),
        rights_version=draw(st.integers(1, 10**12)),
        counters=tuple(f"{letter}1" for letter in "taw"[: len(states)]),
        shape=b"",
        grants=grants,
    )
    tier = TierFacts(draw(names), "Tier", 1, 60)
    verdict = Verdict("chat", "gpt", 1, tier, draw(st.sampled_from([None, 0])))
    at = draw(st.sampled_from([AT, AT + 0.25, AT + 0.999999]))
    return Allow(Ask("/v1/chat", token="t", request_id=ID), at, found, verdict, states, 1000, (), False)


def told(ready: Ready) -> dict[str, str]:
    found = dict(ready.headers)
    assert len(found) == len(ready.headers)
    assert found.pop("Content-Length") == str(len(ready.body))
    assert all(found.pop(name) == value for name, value in ALWAYS)
    return found


def decided_at(body: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(body.pop("evaluated_at"))


@given(allows())
def test_an_allow_is_told_as_the_general_way_tells_it(allow: Allow) -> None:
    decision, ready = express.decision(allow), ordinary_answers.decision(allow)
    body, expected = json.loads(ready.body), presentation.full(decision)
    assert abs(decided_at(body) - decided_at(expected)).total_seconds() < 0.001
    assert list(body.items()) == list(expected.items())
    assert told(ready) == dict(presentation.rate_limit_headers(decision))


@given(allows())
def test_a_forwarded_call_is_allowed_as_the_general_way_allows_it(allow: Allow) -> None:
    ready = ordinary_answers.forward_auth(allow, (("X-More", "1"),))
    assert told(ready) == {**dict(forward_auth.allowed_headers(express.decision(allow))), "X-More": "1"}
    assert ready.body == b""


@pytest.mark.parametrize(
    ("accept", "language"), [("", "en"), ("en-GB", "en"), ("zh-CN,zh;q=0.9", "zh-hans"), ("x", "en")]
)
def test_a_malformed_token_is_refused_as_the_general_way_refuses_it(accept: str, language: str) -> None:
    ready = ordinary_answers.malformed(ID, accept)
    with translation.override(language):
        refused = service.refused(Ask("", request_id=ID), refusals.token_malformed())
        body, expected = json.loads(ready.body), presentation.full(refused)
    assert 0 <= (datetime.now(UTC) - decided_at(body)).total_seconds() < 600
    decided_at(expected)
    assert list(body.items()) == list(expected.items())
    assert told(ready) == dict(presentation.rate_limit_headers(refused))
