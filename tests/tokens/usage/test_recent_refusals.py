"""A workspace's recent refusals: the asks as they came, without secrets, and nobody pushed out by who hammers."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
import redis

from tests.tokens.usage.lossy import Line
from tokens.gateway import refusal_log
from tokens.gateway.ask import Ask, Decision, Refusal
from tokens.gateway.refusal_log import KEPT, Gathered, RecentRefusal, of_request, recent

WORKSPACE, TOKEN = "w00000000001", "t00000000001"
SECRET = f"trl_sk_{WORKSPACE}_{'s3cret' * 4}abc_0Zz9aB"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def refused(code: str = "model_not_found", at: datetime = AT, message: str = "No such model.", **ask: Any) -> Decision:
    given = {"endpoint": "/v1/chat/completions", "model": "gtp-4o", "request_id": "req_1", "token": SECRET, **ask}
    refusals = (Refusal(code, message, "model"), Refusal("wrong_endpoint", "Elsewhere."))
    return Decision(ask=Ask(**given), at=at, refusals=refusals)


def note(gathered: Gathered, decision: Decision, workspace: str = WORKSPACE) -> None:
    gathered.note(decision, workspace=workspace, application="a00000000001", token=TOKEN)


def only() -> RecentRefusal:
    [entry] = recent(WORKSPACE)
    return entry


def test_an_ask_is_kept_as_it_came() -> None:
    gathered = Gathered()
    note(gathered, refused(address=ip_address("2001:db8::1"), origin="https://app.example.com", permission="download"))
    assert gathered.flush()
    entry = only()
    assert (entry.times, entry.first_at, entry.last_at) == (1, AT, AT)
    assert entry.refused == refusal_log.Refused(
        token=TOKEN,
        application="a00000000001",
        code="model_not_found",
        message="No such model.",
        also=("wrong_endpoint",),
        endpoint="/v1/chat/completions",
        method="POST",
        model="gtp-4o",
        operation="",
        permission="download",
        origin="https://app.example.com",
        address="2001:db8::1",
        cost=1,
        request_id="req_1",
    )
    assert entry.refused.status == 404


def test_an_allow_is_no_refusal() -> None:
    gathered = Gathered()
    note(gathered, Decision(ask=Ask(endpoint="/v1/chat/completions"), at=AT))
    gathered.flush()
    assert recent(WORKSPACE) == []


@pytest.mark.parametrize(
    ("ask", "kept"),
    [
        ({"endpoint": f"/v1/x?key={SECRET}&model=flux"}, "/v1/x?key=…&model=flux"),
        ({"endpoint": "/v1/x?api_key=sk-other&signature=abc"}, "/v1/x?api_key=…&signature=…"),
        ({"endpoint": f"/v1/x?{SECRET}"}, "/v1/x?trl_sk_…=…"),
        ({"endpoint": f"/v1/x?model={SECRET}"}, "/v1/x?model=trl_sk_…"),
        ({"endpoint": f"/{SECRET}/x"}, "/trl_sk_…/x"),
        ({"endpoint": f"/{SECRET.replace('_', '%5F')}/x"}, "/trl_sk_…/x"),
        ({"endpoint": f"/{SECRET.replace('t', '%74')}/x"}, "/…"),
    ],
)
def test_no_secret_is_kept_of_an_endpoint(ask: dict[str, str], kept: str) -> None:
    gathered = Gathered()
    note(gathered, refused(**ask))
    gathered.flush()
    assert only().refused.endpoint == kept


def test_no_secret_is_kept_anywhere(server: "redis.Redis[bytes]") -> None:
    gathered = Gathered()
    note(gathered, refused(message=f"There is no model {SECRET}.", model=SECRET, origin=SECRET, method=SECRET))
    gathered.flush()
    entries, _times = refusal_log._keys(WORKSPACE)
    stored = b" ".join(part for pair in server.hgetall(entries).items() for part in pair)
    assert b"s3cret" not in stored
    assert only().refused.message == "There is no model trl_sk_…."


def test_hostile_texts_are_bounded_and_printable() -> None:
    gathered = Gathered()
    long = "/\x1b[31m" + "é" * 5000
    note(gathered, refused(endpoint=long, model="m\x00\u202e" * 500, origin=long, message=long, method=long))
    gathered.flush()
    entry = only().refused
    assert len(entry.endpoint) == 512
    assert len(entry.model) == 200
    assert max(len(entry.message), len(entry.origin)) <= 500
    assert all(text.isprintable() for text in (entry.endpoint, entry.model, entry.origin, entry.message, entry.method))


def test_the_same_refusal_is_one_entry_however_often_it_comes() -> None:
    gathered = Gathered()
    note(gathered, refused(model="other"))
    for second in range(300):
        for _call in range(5):
            note(gathered, refused(at=AT + timedelta(seconds=second), request_id=f"req_{second}"))
        if second % 50 == 0:
            gathered.flush()
    gathered.flush()
    hammered, other = recent(WORKSPACE)
    assert hammered.times == 1500
    assert hammered.first_at == AT
    assert hammered.last_at == AT + timedelta(seconds=299)
    assert hammered.refused.request_id == "req_251"
    assert (other.refused.model, other.times) == ("other", 1)


def test_each_request_leads_to_its_refusal(server: "redis.Redis[bytes]", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal_log, "KEPT_IDS", 30)
    gathered = Gathered()
    note(gathered, refused(model="other", request_id="req"))
    for second in range(3):
        note(gathered, refused(at=AT + timedelta(seconds=second), request_id=f"req_{second}"))
        gathered.flush()
    hammered, other = recent(WORKSPACE)
    assert [of_request(WORKSPACE, name) for name in ("req", "req_2")] == [other, hammered]
    first = of_request(WORKSPACE, "req_0")
    assert first is not None
    assert (first.refused, first.last_at) == (hammered.refused, AT)
    for name in ("*", "req_", "req_*", "r?q", "", "req_9"):
        assert of_request(WORKSPACE, name) is None
    assert of_request("w00000000002", "req") is None
    for number in range(100):
        note(gathered, refused(at=AT + timedelta(minutes=1, seconds=number), request_id=f"late_{number}"))
    gathered.flush()
    assert server.zcard(refusal_log._ids_key(WORKSPACE)) == 30
    assert of_request(WORKSPACE, "late_99") == recent(WORKSPACE)[0]
    assert of_request(WORKSPACE, "late_0") is None


def test_the_newest_are_kept_and_no_others(server: "redis.Redis[bytes]") -> None:
    gathered = Gathered()
    for number in range(KEPT + 50):
        note(gathered, refused(at=AT + timedelta(seconds=number), model=f"m{number}"))
    note(gathered, refused(), workspace="w00000000002")
    gathered.flush()
    models = [entry.refused.model for entry in recent(WORKSPACE)]
    assert models == [f"m{number}" for number in reversed(range(50, KEPT + 50))]
    assert [entry.refused.model for entry in recent(WORKSPACE, limit=2)] == models[:2]
    entries, _times = refusal_log._keys(WORKSPACE)
    assert server.hlen(entries) == 3 * KEPT
    assert len(recent("w00000000002")) == 1


def test_what_is_older_than_a_week_is_forgotten(server: "redis.Redis[bytes]") -> None:
    gathered = Gathered()
    note(gathered, refused())
    gathered.flush()
    note(gathered, refused(at=AT + timedelta(days=7, seconds=1), model="later"))
    gathered.flush()
    assert only().refused.model == "later"
    for key in (*refusal_log._keys(WORKSPACE), refusal_log._ids_key(WORKSPACE)):
        assert 0 < server.ttl(key) <= refusal_log.KEPT_SECONDS


def test_what_could_not_be_sent_is_kept_and_bounded(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal_log, "MAX_WAITING", 3)
    gathered = Gathered()
    line.away = True
    note(gathered, refused(model="m0"))
    assert not gathered.flush()
    for number in range(5):
        note(gathered, refused(at=AT + timedelta(seconds=1), model=f"m{number}"))
    assert gathered.dropped == 2
    assert not gathered.flush()
    line.away = False
    assert gathered.flush()
    assert {(entry.refused.model, entry.times) for entry in recent(WORKSPACE)} == {("m0", 2), ("m1", 1), ("m2", 1)}
