"""Whole host names are matched: no substring, suffix or look-alike of a pattern passes for it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.domains import (
    HostError,
    host_matches,
    is_provable,
    normalise_host,
    normalise_pattern,
    origin_host,
    site_host,
)

LABEL = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12).filter(lambda t: not t[0].isdigit())
HOST = st.lists(LABEL, min_size=2, max_size=4).map(".".join)


@pytest.mark.parametrize(
    "host",
    [
        "evil-example.com",
        "evilexample.com",
        "example.com.evil.com",
        "example.com-evil.com",
        "example.co",
        "xample.com",
        "www.example.com",
        "examplecom",
        "example.com:443@evil.com",
        "",
        ".example.com",
        "example.com..",
    ],
)
def test_only_the_host_itself_matches_a_plain_pattern(host: str) -> None:
    assert host_matches("example.com", "example.com")
    assert not host_matches("example.com", host)


@pytest.mark.parametrize("host", ["a.example.com", "a.b.example.com", "A.EXAMPLE.COM", "a.example.com."])
def test_a_wildcard_is_one_or_more_labels_before_it(host: str) -> None:
    assert host_matches("*.example.com", host)


@pytest.mark.parametrize("host", ["example.com", "evil-example.com", "a.evil-example.com", "a.example.com.evil.com"])
def test_a_wildcard_is_neither_the_apex_nor_a_look_alike(host: str) -> None:
    assert not host_matches("*.example.com", host)


@given(HOST, LABEL)
def test_what_is_glued_to_a_host_never_matches_it(host: str, more: str) -> None:
    for other in (f"{more}-{host}", f"{more}{host}", f"{host}{more}", f"{host}.{more}", f"{host}-{more}"):
        assert not host_matches(host, other)
        assert not host_matches(f"*.zone.{host}", f"{more}zone.{host}")
        assert not host_matches(f"*.{host}", f"{host}.{more}x.{more}y")


@given(HOST, st.lists(LABEL, min_size=1, max_size=3))
def test_labels_before_a_host_match_the_wildcard_alone(host: str, labels: list[str]) -> None:
    below = ".".join([*labels, host])
    assert host_matches(f"*.{host}", below)
    assert not host_matches(host, below)


@given(HOST)
def test_case_and_a_trailing_dot_mean_nothing(host: str) -> None:
    assert host_matches(host, host.upper() + ".")
    assert host_matches(host.upper(), host)


@given(st.text(max_size=60))
def test_normalising_ends_in_one_form_or_an_error(text: str) -> None:
    try:
        host = normalise_host(text)
    except HostError:
        return
    assert host.isascii()
    assert host == host.lower()
    assert normalise_host(host) == host


@given(st.text(max_size=60))
def test_any_text_as_an_origin_is_answered(text: str) -> None:
    for origin in (text, f"https://{text}"):
        host = origin_host(origin)
        assert host is None or normalise_host(host) == host


@given(HOST, st.sampled_from(["", ":1", ":443", ":65535"]), st.sampled_from(["http", "https", "HTTPS"]))
def test_an_origin_is_its_host_whatever_the_port(host: str, port: str, scheme: str) -> None:
    assert origin_host(f"{scheme}://{host}{port}") == host


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "example.com",
        "//example.com",
        "file:///etc/passwd",
        "chrome-extension://abc",
        "https://user@example.com",
        "https://example.com@evil.com",
        "https://example.com\\.evil.com",
        "https://example.com/path",
        "https://example.com?x",
        "https://example.com#x",
        "https://a.com https://b.com",
        "https://example.com\n",
        "https://example.com:port",
        "https://",
        "https://exam ple.com",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_single_web_origin_has_no_host(origin: str) -> None:
    assert origin_host(origin) is None


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("例え。jp", "xn--r8jz45g.jp"),
        ("ｅｘａｍｐｌｅ.com", "example.com"),
        ("faß.de", "xn--fa-hia.de"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[2001:DB8:0::1]", "[2001:db8::1]"),
        ("my_app.example.com", "my_app.example.com"),
    ],
)
def test_every_spelling_has_one_form(text: str, host: str) -> None:
    assert normalise_host(text) == host


@pytest.mark.parametrize(
    "text", ["127.1", "0x7f.0.0.1", "2130706433", "1.2.3.4.5", "[::1", "[fe80::1%eth0]", "a" * 64 + ".com", "a." * 200]
)
def test_addresses_in_disguise_and_overlong_names_are_no_hosts(text: str) -> None:
    with pytest.raises(HostError):
        normalise_host(text)


def test_patterns_forgive_a_pasted_address_only() -> None:
    assert normalise_pattern(" HTTPS://*.Example.com/ ") == "*.example.com"
    for wrong in ("https://example.com/x", "example.com:80", "intranet", "*.com", "*.127.0.0.1", "**.example.com"):
        with pytest.raises(HostError):
            normalise_pattern(wrong)


@pytest.mark.parametrize(
    ("host", "provable"),
    [("example.com", True), ("*.example.com", True), ("localhost", False), ("a.localhost", False), ("10.0.0.1", False)],
)
def test_only_names_that_belong_to_somebody_can_be_proved(host: str, provable: bool) -> None:
    assert is_provable(host) is provable


@pytest.mark.parametrize(
    "url", ["https://u:p@example.com", "ftp://example.com", "https://", "javascript:x", "https://[x"]
)
def test_a_website_is_an_address_of_the_web_without_credentials(url: str) -> None:
    assert site_host("https://Example.com:8443/a?b") == "example.com"
    assert site_host(url) is None
