"""Websites, looked at over the network."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.tokens.evidence.asking import asked, found
from tokens.actions.applications import edit_application
from tokens.models import Signal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<title>Large</title>" + b"x" * 500_000)
            return
        status = 302 if self.path == "/moved" else 503 if self.path == "/down" else 200
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        if status == 302:
            self.send_header("Location", "http://10.0.0.1/")
        self.end_headers()
        self.wfile.write(b"<title>Lantern</title><p>Reads &lt;b&gt;aloud")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(settings: Settings) -> Iterator[str]:
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def at(address: str) -> Signal:
    request = asked()
    edit_application(application=request.application, values={"url": "https://x.example.com"}, by=request.applicant)
    type(request.application).objects.filter(pk=request.application_id).update(url=address)
    return found(request)["site"]


def test_a_site_that_answers(server: str) -> None:
    signal = at(f"{server}/")
    assert signal.state == "ok"
    assert (signal.facts["title"], signal.facts["preview"]) == ("Lantern", "Reads <b>aloud")


@pytest.mark.parametrize(("path", "state"), [("/down", "warn"), ("/moved", "unknown"), ("/endless", "ok")])
def test_a_site_that_fails_leads_inside_or_never_ends(server: str, path: str, state: str) -> None:
    assert at(server + path).state == state


def test_addresses_inside_are_not_called_without_the_setting() -> None:
    signal = at("http://127.0.0.1:9/")
    assert signal.state == "unknown"
    assert "not public" in signal.facts["why"]
