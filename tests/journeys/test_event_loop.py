"""HTTP as the server reads it: calls that are answered on its event loop beside others, on connections of all kinds."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from typing import NamedTuple

import pytest
import redis
from django.conf import settings

from accounts.announcing import workspace_key
from tests import factories
from tests.fixtures import proxies
from tokens.actions.gateways import add_gateway
from tokens.actions.tokens import revoke_token
from tokens.models import Token

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]
MODEL, GATED, CHAT = "gpt-4o-mini", "gpt-4o", "/v1/chat/completions"


class Place(NamedTuple):
    port: int
    key: str
    token: str

    def decision(self, *more: str, model: str = MODEL, chunked: bool = False) -> bytes:
        body = json.dumps({"token": self.token, "model": model, "endpoint": CHAT}).encode()
        fields = [f"Authorization: Bearer {self.key}", "Content-Type: application/json", *more]
        if chunked:
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        return request("POST /v1/decisions", *fields, length) + body

    def forward_auth(self, *more: str, method: str = "GET", key: str = "X-Gateway-Key") -> bytes:
        forwarded = [f"X-Forwarded-Uri: {CHAT}", "X-Forwarded-Method: POST", f"X-Model: {MODEL}"]
        fields = [f"{key}: {self.key}", f"Authorization: Bearer {self.token}", *forwarded, *more]
        return request(f"{method} /v1/forward-auth", *fields)

    def connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def send(self, *pieces: bytes, answers: int = 1, method: str = "GET") -> list[tuple[HTTPResponse, bytes]]:
        """Each piece by itself, over one connection; as many answers are read from it."""
        with self.connected() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for piece in pieces:
                connection.sendall(piece)
            stream = connection.makefile("rb")
            return [read(stream, method) for _ in range(answers)]


class Stream:
    """Gives http.client the connection's one stream, which it would not share between answers."""

    def __init__(self, stream: object) -> None:
        self.stream = stream

    def makefile(self, _mode: str) -> object:
        return self.stream


def read(stream: object, method: str) -> tuple[HTTPResponse, bytes]:
    answer = HTTPResponse(Stream(stream), method=method)  # type: ignore[arg-type]
    answer.begin()
    length = int(answer.headers["Content-Length"]) if method != "HEAD" else 0
    return answer, stream.read(length)  # type: ignore[attr-defined]


def request(line: str, *fields: str) -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", "Host: x", *fields, "", ""]).encode("latin-1")


@contextmanager
def served() -> Iterator[Place]:
    key = add_gateway(name="edge", kind="custom", by=factories.administrator()).text
    token = factories.token().text
    with proxies.trellis() as port:
        at = Place(port, key, token)
        for _ in range(3):  # Read from PostgreSQL first, and by thread, until Redis is connected to.
            at.send(at.decision())
        yield at


@pytest.fixture
def place() -> Iterator[Place]:
    factories.catalogue()
    with served() as at:
        yield at


def test_calls_are_answered_in_their_order_and_each_in_its_language(place: Place) -> None:
    """Those in the event loop, those on threads, and pages, over one connection, sent in one piece and in pieces."""
    calls = {
        place.decision(): "ok",
        place.forward_auth(): None,
        place.decision(model=GATED): "tier_required",
        request("GET /healthz"): None,
        place.decision(chunked=True): "ok",
        place.decision().replace(place.token[-3:].encode(), b"zzz"): "token_malformed",
        place.decision("X-Last: 1"): "ok",
    }
    together = b"".join(calls)
    for pieces in ([together], [together[at : at + 97] for at in range(0, len(together), 97)]):
        found = place.send(*pieces, answers=len(calls))
        assert {answer.status for answer, _body in found} == {200}
        assert [json.loads(body or "{}").get("code") for _answer, body in found] == list(calls.values())
    for _ in range(3):
        for language, in_english in (("zh-CN", False), ("en", True)):
            ((answer, body),) = place.send(place.decision(f"Accept-Language: {language}", model=GATED))
            told = json.loads(body)
            assert (answer.status, told["code"], told["message"].isascii()) == (200, "tier_required", in_english)


OFFER = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")


def test_an_offer_of_another_protocol_costs_no_call_its_body(place: Place) -> None:
    """Java's HttpClient makes one with each call. What comes behind such a call is a call of its own, and what is in
    its body is none."""
    question = b'{"subject": {"type": "token", "id": "trl_sk_x"}, "action": {"name": "chat_completion"}, "resource": '
    question += b'{"type": "model", "id": "GET /healthz HTTP/1.1"}}'
    fields = [f"Authorization: Bearer {place.key}", "Content-Type: application/json"]
    authzen = request("POST /access/v1/evaluation", *fields, *OFFER, f"Content-Length: {len(question)}") + question
    calls = [
        place.decision(*OFFER),
        place.decision(*OFFER, model=GATED, chunked=True),
        place.forward_auth(*OFFER),
        place.decision(),
        request("GET /healthz", *OFFER),
        authzen,
        place.decision(*OFFER, "Expect: 100-continue", chunked=True)[:-5] + b"0\r\nUpgrade: h2c\r\n\r\n",
        place.decision(),
    ]
    together = b"".join(calls)
    in_two = [piece for call in calls for piece in (call.replace(b"\r\n\r\n", b"\r\n\r\n\0", 1).split(b"\0"))]
    for pieces in ([together], in_two, [together[at : at + 97] for at in range(0, len(together), 97)]):
        found = place.send(*pieces, answers=len(calls))
        assert [answer.status for answer, _body in found] == [200] * len(calls)
        codes = [(told.get("context") or told).get("code") for told in (json.loads(body or "{}") for _, body in found)]
        assert codes == ["ok", "tier_required", None, "ok", None, "token_malformed", "ok", "ok"]


NO_HTTP = [
    request("GET /v1/forward-auth?a=\xe9"),
    request("POST /v1/decisions", "Content-Length: 2", "Transfer-Encoding: chunked"),
    request("POST /v1/decisions", "Content-Length: 1", "Content-Length: 2"),
    request("POST /v1/decisions", "Content-Length: -1"),
    b"GET /v1/forward-auth HTTP/1.1\r\n folded: x\r\n\r\n",
]


def test_what_callers_send_is_taken_as_http_has_it(place: Place) -> None:
    for sent in NO_HTTP:
        ((answer, _body),) = place.send(sent)
        assert (answer.status, answer.headers["Connection"]) == (400, "close"), sent
    for sent in (place.decision("Connection: close"), place.decision().replace(b"HTTP/1.1", b"HTTP/1.0")):
        with place.connected() as connection:
            connection.sendall(sent)
            said = connection.makefile("rb").read()  # Until it is closed.
        assert b'"code":"ok"' in said
        assert b"connection: close" in said.lower()
    # A proxy that takes X-Gateway-Key from its callers lets X_Gateway_Key pass.
    ((answer, _body),) = place.send(place.forward_auth(key="X_Gateway_Key"))
    assert answer.status == 500
    ((answer, _body),) = place.send(place.forward_auth("X_Model: gpt-4o", "x_forwarded_uri: /other"))
    assert answer.status == 200
    # Nor does it look at trailers.
    trailer = f"\r\n0\r\nAuthorization: Bearer {place.key}\r\n\r\n".encode()
    unknown = place.decision(chunked=True).replace(b"Authorization", b"X-Other").replace(b"\r\n0\r\n\r\n", trailer)
    ((answer, _body),) = place.send(unknown)
    assert answer.status == 401
    ((answer, _none),) = place.send(place.forward_auth(method="HEAD"), method="HEAD")
    assert (answer.status, answer.headers["X-Trellis-Tier"]) == (200, "seed")


def test_nobody_is_waited_for_without_end(place: Place) -> None:
    head, _blank, body = place.decision("Expect: 100-continue").partition(b"\r\n\r\n")
    with place.connected() as connection, connection.makefile("rb") as stream:
        connection.sendall(head + b"\r\n\r\n")
        assert stream.readline().startswith(b"HTTP/1.1 100 ")
        assert stream.readline() == b"\r\n"
        connection.sendall(body)
        assert json.loads(read(stream, "POST")[1])["code"] == "ok"
    with place.connected() as connection, suppress(ConnectionError):
        # More than is read at once, and no end of the headers. Who does not listen may find the connection reset.
        connection.sendall(b"GET /v1/forward-auth HTTP/1.1\r\nX-Long: " + b"x" * 2_000_000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def sources(place: Place) -> dict[str, int]:
    """How many calls were allowed by what, so far."""
    ((_answer, body),) = place.send(request("GET /metrics"))
    told = re.findall(r'trellis_decisions_total{code="ok",source="(\w+)"} (\S+)', body.decode())
    return {source: round(float(number)) for source, number in told}


def test_a_pass_that_nobody_confirmed_for_long_is_confirmed_and_not_read_anew(place: Place) -> None:
    token = Token.objects.get()
    workspace = token.application.workspace.public_id
    client = redis.Redis.from_url(settings.PASS_STORE_URL)
    key = workspace_key(workspace)
    long_ago = int((time.time() - 40) * 1000)
    for _ in range(200):  # The first asks find no connection to PostgreSQL yet.
        client.hset(key, "c", long_ago)
        before = sources(place)
        place.send(place.decision())
        if sources(place)["postgresql"] == before["postgresql"]:
            break
    assert sources(place)["stored_pass"] == before["stored_pass"] + 1
    assert int(client.hget(key, "c") or 0) > time.time() * 1000 - 20_000

    older = {name: client.dump(name) for name in client.keys(f"{{{workspace}}}:*")}
    assert len(older) == 2
    revoke_token(token=token, reason="It leaked", by=token.created_by)
    for name, value in older.items():
        client.restore(name, 0, value or b"", replace=True)
    client.hset(key, "c", long_ago)
    ((_answer, body),) = place.send(place.decision())
    client.close()
    assert json.loads(body)["code"] == "token_revoked"
