"""Addresses that are none, typed by somebody or sent as a redirect, end in words of ours."""

import socket
import threading

import pytest

from tests.tokens.network.servers import DNS, text, web_server
from tokens.outgoing import OutgoingError, Refused, fetch

NONE_AT_ALL = ["http://[::1", "http://256.1.1.1/", "http://xn--/", "http://xn--99999999/", "http://a\x00b/"]


@pytest.mark.parametrize("url", NONE_AT_ALL)
def test_what_is_no_address_is_said_to_be_none(dns: DNS, url: str) -> None:
    with pytest.raises(Refused, match="this is no address that can be called"):
        fetch(url)


@pytest.mark.parametrize(
    "url", ["http://2130706433/", "http://0x7f.1/", "http://1.1/", "http://127.1/", "http://a..b/"]
)
def test_a_number_in_place_of_a_name_is_looked_up_and_not_found(dns: DNS, url: str) -> None:
    with pytest.raises(OutgoingError, match="the host name has no address"):
        fetch(url)


@pytest.mark.parametrize("location", ["http://xn--/", "http://[::1", "http://256.1.1.1/"])
def test_a_redirect_to_what_is_none_is_refused(dns: DNS, loopback_allowed: None, location: str) -> None:
    with web_server(text(b"", 302, Location=location)) as port:
        dns.set("site.example", "A", ["127.0.0.1"])
        with pytest.raises(OutgoingError):
            fetch(f"http://site.example:{port}/")


def test_what_fails_on_the_way_is_said_in_our_words(dns: DNS, loopback_allowed: None) -> None:
    """The library's own sentences are English alone, and tell of sockets."""
    dns.set("site.example", "A", ["127.0.0.1"])
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(OutgoingError, match="the host cannot be reached"):
            fetch(f"http://site.example:{nobody.getsockname()[1]}/")
    with web_server(text(b"plain")) as port, pytest.raises(OutgoingError, match="its certificate cannot be trusted"):
        fetch(f"https://site.example:{port}/")
    with socket.create_server(("127.0.0.1", 0)) as rude:
        thread = threading.Thread(target=lambda: rude.accept()[0].close())
        thread.start()
        with pytest.raises(OutgoingError, match="the connection broke off, or was none of the web"):
            fetch(f"http://site.example:{rude.getsockname()[1]}/")
        thread.join()
