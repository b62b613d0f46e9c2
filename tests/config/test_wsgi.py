"""Which paths go to the gateway's callable, and whom a demo answers."""

from typing import Any

import pytest
from django.test import override_settings

from config import wsgi


def ask(monkeypatch: pytest.MonkeyPatch, path: str, address: str = "127.0.0.1") -> str:
    """The name of the callable that was asked, or the status of the refusal."""
    said: list[str] = []

    def named(name: str) -> Any:
        return lambda environ, start_response: said.append(name) or [b""]

    monkeypatch.setattr(wsgi, "gateway", named("gateway"))
    monkeypatch.setattr(wsgi, "pages", named("pages"))
    wsgi.application({"PATH_INFO": path, "REMOTE_ADDR": address}, lambda status, headers: said.append(status))
    return said[0]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/decisions", "/v1/forward-auth", "/v1/forward-auth/chat", "/access/v1/evaluation", "/oauth2/introspect",
        "/.well-known/authzen-configuration", "/healthz", "/readyz", "/metrics", "/v1/",
    ],
)  # fmt: skip
def test_gateways_are_answered_before_django(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    assert ask(monkeypatch, path) == "gateway"


@pytest.mark.parametrize(
    "path", ["/", "", "/v1", "/v10/decisions", "/tokens/", "/healthz/", "/accounts/login/", "/webhooks/stripe"]
)
def test_all_else_is_a_page(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    assert ask(monkeypatch, path) == "pages"


@pytest.mark.parametrize(
    "address", ["192.0.2.7", "10.0.0.1", "::ffff:192.0.2.7", "2001:db8::1", "127.0.0.1.example.com"]
)
def test_a_demo_refuses_other_machines(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert ask(monkeypatch, "/v1/decisions", address) == "403 Forbidden"
    assert ask(monkeypatch, "/", address) == "403 Forbidden"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""])
def test_a_demo_answers_its_own_machine(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    assert ask(monkeypatch, "/", address) == "pages"


def test_others_are_answered_without_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(DEMO=False):
        assert ask(monkeypatch, "/", "192.0.2.7") == "pages"
