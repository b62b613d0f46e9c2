"""Offers of another protocol, such as `Upgrade: h2c`, which Java's HttpClient and `curl --http2` make with each call.

Nobody has to take one, and here nobody does: the call is answered as HTTP/1.1. The parser however ends a request that
makes one with its headers, so that its body would be lost, or be read as the next request."""

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_FRAMING = (b"content-length", b"transfer-encoding")


class OneProtocol(HttpToolsProtocol):
    """A connection that takes no offer. The body behind one is read by a new parser, which goes on from there."""

    _framing = b""

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as offer:
                data = self._declined() + data[offer.args[0] :]
            except HttpParserError as error:
                self.not_http(error, data)
                return
            else:
                return

    def not_http(self, error: HttpParserError, data: bytes) -> None:
        self.send_400_response("Invalid HTTP request received.")

    def _declined(self) -> bytes:
        """What is to be read before the rest."""
        framing, self._framing = self._framing, b""
        if not framing:
            return b""
        self.parser = HttpRequestParser(_Headless(self))
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return b"POST / HTTP/1.1\r\n%b\r\n" % framing

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.parser.should_upgrade():
            framing = [b"%b: %b\r\n" % header for header in self.headers if header[0] in _FRAMING]
            self._framing = b"".join(framing)

    def on_message_complete(self) -> None:
        if not self._framing:
            super().on_message_complete()


class _Headless:
    """Passes on what a parser tells, but for its first head, which the connection has read before."""

    def __init__(self, connection: HttpToolsProtocol) -> None:
        self._connection, self._heads = connection, 0
        self.on_body, self.on_message_complete = connection.on_body, connection.on_message_complete

    def on_message_begin(self) -> None:
        self._heads += 1
        if self._heads > 1:
            self._connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self._heads > 1:
            self._connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._heads > 1:
            self._connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._heads > 1:
            self._connection.on_headers_complete()
