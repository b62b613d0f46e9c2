"""What is refused by its head alone: by a server as it runs, over a connection of one's own."""

import json
import socket
from contextlib import suppress
from email.message import Message
from typing import Any

import pytest

from tests.journeys.test_event_loop import Place, place, read, request

__all__ = ["place"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.server]
LONG = 10**12


def told(place: Place, sent: bytes, answers: int = 1) -> list[tuple[int, Message, Any]]:
    """Of each answer the status, the headers and the error. The connection is closed behind the last."""
    with place.connected() as connection, connection.makefile("rb") as stream:
        connection.sendall(sent)
        found = [read(stream, "GET") for _ in range(answers)]
        with suppress(ConnectionError):
            assert stream.read() == b""
    bodies = [json.loads(body) for _answer, body in found]
    return [(one.status, one.headers, body.get("error", body)) for (one, _), body in zip(found, bodies, strict=True)]


def without_host(sent: bytes) -> bytes:
    return sent.replace(b"Host: x\r\n", b"")


def test_a_request_names_one_host(place: Place) -> None:
    paths = ("/v1/forward-auth", "/v1/models", "/healthz", "/accounts/login/", "/nothing")
    calls = [without_host(request(f"GET {path}")) for path in paths]
    calls += [request(f"GET {path}", "Host: y") for path in paths]
    for sent in (*calls, without_host(place.decision()), place.decision("hOsT: y"), without_host(place.forward_auth())):
        ((status, headers, error),) = told(place, sent)
        assert (status, error["code"], headers["Connection"]) == (400, "invalid_request", "close"), sent
        assert "Host header" in (error.get("message") or error["detail"])
    ((_status, headers, problem),) = told(place, without_host(place.decision("Accept-Language: zh-CN")))
    assert headers["Content-Type"] == "application/problem+json"
    assert "Host" in problem["detail"]
    assert not problem["detail"].isascii()
    old = without_host(place.decision()).replace(b"HTTP/1.1", b"HTTP/1.0")
    assert told(place, old)[0][2]["code"] == "ok"
    ((_answer, body),) = place.send(place.decision().replace(b"Host: x", b"Host:"))
    assert json.loads(body)["code"] == "ok"


def test_what_was_asked_before_is_answered_before(place: Place) -> None:
    """And nothing behind it."""
    together = place.decision() + request("GET /healthz") + without_host(place.decision()) + place.decision()
    assert [status for status, _headers, _body in told(place, together, answers=3)] == [200, 200, 400]


ASKS = ["/v1/decisions", "/v1/usage/settle", "/v1/explain", "/oauth2/introspect", "/v1/forward-auth", "/", "/nothing"]


def test_nobody_waits_for_a_body_that_is_far_too_long(place: Place) -> None:
    """Who waits for a word before sending it hears this one."""
    for path, more in [*((path, ()) for path in ASKS), *((path, ("Expect: 100-continue",)) for path in ASKS)]:
        with place.connected() as connection, connection.makefile("rb") as stream:
            connection.sendall(request(f"POST {path}", f"Content-Length: {LONG}", *more))
            if not more:
                connection.sendall(b"{" * 100_000)
            answer, body = read(stream, "POST")
            said = json.loads(body)
            assert (answer.status, answer.headers["Connection"]) == (413, "close")
            assert said.get("error", said)["code"] == "too_large"
            connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                assert stream.read() == b""


def test_a_long_body_that_may_pass_unread_still_does(place: Place) -> None:
    length = 70 << 20
    head = place.forward_auth(f"Content-Length: {length}", method="POST")
    piece = b"\0" * (1 << 20)
    with place.connected() as connection, connection.makefile("rb") as stream:
        connection.sendall(head)
        with suppress(ConnectionError):
            for _ in range(length // len(piece)):
                connection.sendall(piece)
        assert read(stream, "POST")[0].status == 200


def test_a_method_that_http_does_not_have_is_called_that(place: Place) -> None:
    for method in ("FOO", "BREW", "get", "X-Y"):
        for path in ("/v1/decisions", "/v1/models", "/accounts/login/", "*"):
            ((status, headers, error),) = told(place, request(f"{method} {path}"))
            assert (status, error["code"], headers["Connection"]) == (501, "method_unknown", "close")
            assert headers["Content-Type"] == "application/json"
    for method in ("DELETE", "PROPFIND", "TRACE", "OPTIONS"):
        ((answer, body),) = place.send(request(f"{method} /v1/decisions"))
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert json.loads(body)["error"]["code"] == "method_not_allowed"


def test_what_is_no_http_is_told_so_in_the_form_of_all_errors(place: Place) -> None:
    for sent in (b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /healthz HTTP/9.9\r\n\r\n"):
        ((status, headers, error),) = told(place, sent)
        assert (status, error["code"], error["request_id"]) == (400, "invalid_request", headers["X-Request-Id"])
