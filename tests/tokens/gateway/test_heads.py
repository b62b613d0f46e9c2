"""A head that was read before says what the parser would have read of it, whatever else comes with it."""

from collections.abc import Iterator
from typing import Any

import pytest
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from tokens.gateway import heads
from tokens.gateway.heads import Head

NAMES = (b"Authorization", b"authorization", b"AUTHORIZATION", b"X-Authorization", b"X-Model", b"Origin")
TOKEN = b"trl_sk_0123456789ab_x"
credentials = st.sampled_from([TOKEN, b"trl_sk_y", b"", b"a b", b"a\tb", b"a\0b", b"a\nb", b"\xe9", b"a\r\nX-Model: m"])
fields = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([b"", b"Bearer "]), credentials), max_size=4)
bodies = st.sampled_from([b"", b"{}", b"\r\nAuthorization: Bearer x\r\n\r\n", b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
endings = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"])
first = st.sampled_from([b"POST /v1/decisions HTTP/1.1", b"GET /v1/forward-auth HTTP/1.1", b"\r\nGET / HTTP/1.1"])


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    body, end = draw(bodies), draw(endings)
    lines = [draw(first), b"Host: x", *(b"%b: %b%b" % field for field in draw(fields))]
    if body or draw(st.booleans()):
        lines.append(b"Content-Length: %d" % draw(st.sampled_from([len(body), len(body), 1])))
    return end.join([*lines, b"", body])


class Read:
    """The one request that a parser reads of some bytes, and nothing behind it."""

    def __init__(self, data: bytes) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body, self.begun, self.ended = b"", 0, 0
        parser = HttpRequestParser(self)
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.ended = -1

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.ended += 1

    @property
    def environ(self) -> Any:
        return heads.environ_of(self.headers, b"GET", "/") if self.begun == self.ended == 1 else None


def answer(_environ: Any) -> None:
    raise AssertionError("Nobody is asked here.")


@pytest.fixture(autouse=True)
def _nothing_is_known() -> Iterator[None]:
    heads._known.clear()
    yield
    heads._known.clear()


def known(data: bytes) -> Any:
    return heads.known(heads.parted(data))


def remember(data: bytes) -> None:
    """As a connection does, of what is one whole request."""
    read = Read(data)
    if read.environ is not None:
        heads.remember(heads.parted(data), Head(answer, read.environ, len(read.body)))


@given(
    st.lists(requests(), min_size=1, max_size=12), st.sampled_from([b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"x"])
)
def test_what_is_known_is_what_a_parser_reads(several: list[bytes], behind: bytes) -> None:
    for data in several:
        remember(data)
    for data in (*several, *(one + behind for one in several), *(one[:-1] for one in several)):
        found = known(data)
        if found is not None:
            read = Read(data)
            assert found == (answer, read.environ, read.body), data


def test_callers_whose_heads_differ_in_the_credential_alone_share_one() -> None:
    asked = b"GET /v1/forward-auth HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\nX-Model: m\r\n\r\n"
    remember(asked % TOKEN)
    found = known(asked % b"trl_sk_another")
    assert found is not None
    assert found[1]["HTTP_AUTHORIZATION"] == "Bearer trl_sk_another"
    assert known(asked % b"") is None
    assert known((asked % TOKEN).replace(b"X-Model: m", b"X-Model: n")) is None


def test_what_is_remembered_has_bounds() -> None:
    asked = b"GET /v1/forward-auth HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nX-Model: %d\r\n\r\n"
    for number in range(3000):
        remember(asked % number)
        assert known(asked % number) is not None
    assert len(heads._known) <= heads._MOST
    long = (asked % 1).replace(b"X-Model: 1", b"X-Model: " + b"1" * heads._LONGEST)
    remember(long)
    assert known(long) is None
