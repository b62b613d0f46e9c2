"""`/healthz`, `/readyz`, and that nothing unexpected shows its inside."""

import pytest
from django.db import OperationalError, connection

from tests.tokens.gateway.calls import Client, call
from tokens.gateway import health, wsgi
from tokens.gateway.http import Answer, Call

pytestmark = pytest.mark.django_db


def test_a_process_that_answers_is_healthy() -> None:
    reply = call("GET", "/healthz")
    assert (reply.status, reply.json) == (200, {"status": "ok"})
    head = call("HEAD", "/healthz")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "15")
    assert call("POST", "/healthz").headers["allow"] == "GET, HEAD"


def test_ready_says_what_it_has() -> None:
    reply = call("GET", "/readyz")
    assert reply.status == 200
    assert reply.json["checks"] == {"postgresql": "ok", "redis": "ok", "migrations": "ok"}


def test_redis_missing_is_named(settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    reply = call("GET", "/readyz")
    assert (reply.status, reply.json["missing"]) == (503, ["redis"])
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert call("GET", "/readyz").json["missing"] == ["redis"]


def test_a_migration_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'tokens'")
    reply = call("GET", "/readyz")
    assert (reply.status, reply.json["missing"]) == (503, ["migrations"])


def test_postgresql_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", gone)
    reply = call("GET", "/readyz")
    assert (reply.status, reply.json["missing"]) == (503, ["postgresql"])
    assert "migrations" not in reply.json["checks"]


def test_a_mistake_of_ours_is_told_without_its_inside(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    def broken(_call: Call) -> Answer:
        raise KeyError("inside")

    monkeypatch.setitem(wsgi.ROUTES, "/v1/decisions", (("POST",), broken))
    reply = client.decide()
    assert (reply.status, reply.error["code"], reply.error["type"]) == (500, "internal_error", "api_error")
    assert b"inside" not in reply.body
    assert reply.error["request_id"] == reply.headers["x-trellis-request-id"]
