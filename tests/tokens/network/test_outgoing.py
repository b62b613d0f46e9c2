"""Calls to addresses of strangers never reach what only we can reach."""

import http.server
import ipaddress
import socket
import ssl
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.tokens.network.servers import DNS, answering, certificate, text, web_server
from tokens import outgoing
from tokens.outgoing import OutgoingError, Refused, fetch, is_public

INSIDE = [
    "0.0.0.1",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_public_is_known_as_that(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::8a"])
def test_what_is_public_is_known_as_that(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", INSIDE)
def test_no_name_leads_inside(dns: DNS, address: str) -> None:
    dns.set("site.example", "AAAA" if ":" in address else "A", [address])
    with pytest.raises(Refused):
        fetch("http://site.example/")


def test_one_address_inside_among_public_ones_is_enough_to_refuse(dns: DNS) -> None:
    dns.set("site.example", "A", ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(Refused):
        fetch("http://site.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://localhost/",
        "http://8.8.8.8:22/",
        "http://8.8.8.8:6379/",
        "http://user:password@8.8.8.8/",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "https://",
        "not an address",
    ],
)
def test_no_spelling_of_an_address_leads_inside(dns: DNS, url: str) -> None:
    with pytest.raises(OutgoingError):
        fetch(url)


def test_no_redirect_leads_inside(dns: DNS, settings: Settings) -> None:
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    dns.set("site.example", "A", ["127.0.0.1"])
    dns.set("inside.example", "A", ["127.0.0.2"])
    for target in ("http://127.0.0.2/", "http://169.254.169.254/", "http://[::1]/", "http://inside.example/"):
        with web_server(text(b"", 302, Location=target)) as port, pytest.raises(Refused):
            fetch(f"http://site.example:{port}/")


def test_a_redirect_to_another_scheme_is_not_followed(dns: DNS, loopback_allowed: None) -> None:
    dns.set("site.example", "A", ["127.0.0.1"])
    for target in ("file:///etc/passwd", "ftp://site.example/", "http://user:pw@site.example/"):
        with web_server(text(b"", 302, Location=target)) as port, pytest.raises(OutgoingError):
            fetch(f"http://site.example:{port}/")


def test_the_address_that_was_checked_is_the_one_that_is_called(dns: DNS, settings: Settings) -> None:
    """Rebinding: the DNS names an allowed address first and another one when asked again."""
    settings.OUTGOING_ALLOWED_NETWORKS = ["127.0.0.1/32"]
    dns.set("site.example", "A", ["127.0.0.1"], ["127.0.0.2"])
    with web_server(text(b"public")) as port:
        assert fetch(f"http://site.example:{port}/").body == b"public"
        assert [kind for name, kind in dns.asked].count("A") == 1
        with pytest.raises(Refused):
            fetch(f"http://site.example:{port}/")


def test_the_host_named_is_the_one_that_the_server_sees(dns: DNS, loopback_allowed: None) -> None:
    dns.set("site.example", "A", ["127.0.0.1"])
    seen: list[str | None] = []

    def respond(handler: http.server.BaseHTTPRequestHandler) -> None:
        seen.extend([handler.headers["Host"], handler.headers.get("Cookie"), handler.headers.get("Authorization")])
        handler.send_response(204)
        handler.end_headers()

    with web_server(answering(respond)) as port:
        assert fetch(f"http://site.example:{port}/").status == 204
    assert seen == [f"site.example:{port}", None, None]


def test_tls_is_checked_against_the_name_and_not_the_address(
    dns: DNS, loopback_allowed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certificate(tmp_path, "site.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    outgoing._tls.cache_clear()
    for name in ("site.example", "other.example"):
        dns.set(name, "A", ["127.0.0.1"])
    try:
        downgrade = text(b"", 302, Location="http://site.example/")
        with web_server(downgrade, context) as port, pytest.raises(Refused, match="https to http"):
            fetch(f"https://site.example:{port}/")
        with web_server(text(b"over tls"), context) as port:
            assert fetch(f"https://site.example:{port}/").body == b"over tls"
            with pytest.raises(OutgoingError, match="certificate"):
                fetch(f"https://other.example:{port}/")
    finally:
        outgoing._tls.cache_clear()


def test_an_unknown_authority_is_not_trusted(dns: DNS, loopback_allowed: None, tmp_path: Path) -> None:
    context: ssl.SSLContext = certificate(tmp_path, "site.example")[0]
    dns.set("site.example", "A", ["127.0.0.1"])
    with web_server(text(b"over tls"), context) as port, pytest.raises(OutgoingError, match="certificate"):
        fetch(f"https://site.example:{port}/")


def test_redirects_are_followed_three_times(dns: DNS, loopback_allowed: None) -> None:
    dns.set("site.example", "A", ["127.0.0.1"])

    def respond(handler: http.server.BaseHTTPRequestHandler) -> None:
        left = int(handler.path.strip("/"))
        handler.send_response(302 if left else 200)
        handler.send_header("Location", f"/{left - 1}")
        handler.end_headers()

    with web_server(answering(respond)) as port:
        assert fetch(f"http://site.example:{port}/3").status == 200
        with pytest.raises(OutgoingError, match="redirects"):
            fetch(f"http://site.example:{port}/4")


def test_an_answer_has_64_kib_at_most(dns: DNS, loopback_allowed: None) -> None:
    dns.set("site.example", "A", ["127.0.0.1"])
    with web_server(text(b"x" * 65_536)) as port:
        assert len(fetch(f"http://site.example:{port}/").body) == 65_536
    with web_server(text(b"x" * 65_537)) as port, pytest.raises(OutgoingError, match="64 KiB"):
        fetch(f"http://site.example:{port}/")


@pytest.mark.parametrize("slow_part", ["headers", "body"])
def test_a_server_that_drips_is_left_in_time(
    dns: DNS, loopback_allowed: None, monkeypatch: pytest.MonkeyPatch, slow_part: str
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.6)
    dns.set("site.example", "A", ["127.0.0.1"])

    def respond(handler: http.server.BaseHTTPRequestHandler) -> None:
        start = b"HTTP/1.1 200 OK\r\nX-Slow: " if slow_part == "headers" else b"HTTP/1.1 200 OK\r\n\r\n"
        try:
            handler.wfile.write(start)
            for _ in range(2000):
                handler.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            return

    began = time.monotonic()
    with web_server(answering(respond)) as port:
        with pytest.raises(OutgoingError):
            fetch(f"http://site.example:{port}/")
        assert time.monotonic() - began < 100


def test_a_name_server_that_does_not_answer_is_left_in_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        settings.DNS_SERVERS = [silent.getsockname()]

        def spent() -> float:
            began = time.monotonic()
            with pytest.raises(OutgoingError):
                fetch("http://site.example/")
            return time.monotonic() - began

        assert any(spent() < 4 for _attempt in range(5))


def test_proxies_of_the_environment_are_not_used(
    dns: DNS, loopback_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    dns.set("site.example", "A", ["127.0.0.1"])
    with web_server(text(b"direct")) as port:
        assert fetch(f"http://site.example:{port}/").body == b"direct"
