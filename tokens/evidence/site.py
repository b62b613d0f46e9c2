"""Whether the application's website answers, and what it says of itself. All of it is a stranger's text: it is kept as
plain characters, and shown as nothing else."""

import codecs
import re
import unicodedata
from contextlib import suppress
from email.message import Message
from html.parser import HTMLParser
from typing import Any, Final

from tokens import outgoing
from tokens.domains import site_host
from tokens.evidence.finding import Case, Finding, could_not
from tokens.models import SignalKind, SignalState

MOST_IN_TITLE: Final = 150
MOST_IN_PREVIEW: Final = 300
_READ: Final = frozenset({"text/html", "application/xhtml+xml", "text/plain"})
_UNSEEN: Final = frozenset({"script", "style", "template", "noscript", "svg", "head", "textarea", "select"})
_CHARSET: Final = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([a-zA-Z0-9_-]{2,30})", re.IGNORECASE)
# What pages mean by names of smaller charsets, as browsers read them.
_ENCODINGS: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "utf-8": "utf-8-sig",
}
_OF_THE_WEB: Final = re.compile(
    r"gb18030|big5|big5hkscs|shift_jis|cp932|euc_jp|iso2022_jp|euc_kr|cp949|koi8-[ru]|utf-16(-[bl]e)?|cp125\d|cp874"
    r"|iso8859-\d{1,2}"
)


def site(case: Case) -> Finding:
    url = case.asked.application.url
    if not url:
        return Finding(SignalKind.SITE, SignalState.NOTICE)
    try:
        fetched = outgoing.fetch(url, cut=True)
    except outgoing.OutgoingError as error:
        return could_not(SignalKind.SITE, str(error))
    facts: dict[str, Any] = {"status": fetched.status, "host": site_host(fetched.url) or ""}
    moved = facts["host"] != (site_host(url) or "")
    if not 200 <= fetched.status < 300:
        return Finding(SignalKind.SITE, SignalState.WARN, facts)
    title, preview = described(fetched.body, fetched.content_type)
    return Finding(
        SignalKind.SITE,
        SignalState.NOTICE if moved else SignalState.OK,
        {**facts, "moved": moved, "title": title, "preview": preview},
    )


def described(body: bytes, content_type: str) -> tuple[str, str]:
    """The title and the first visible words; empty for what is no page. Of a page that the parser gives up on (a broken
    declaration, a number of a thousand digits), what it read until then."""
    header = Message()
    header["content-type"] = content_type or "text/html"
    kind = header.get_content_type()
    if kind not in _READ:
        return "", ""
    text = _decoded(body, header.get_content_charset())
    if kind == "text/plain":
        return "", plain(text, MOST_IN_PREVIEW)
    page = _Page()
    with suppress(AssertionError, ValueError):
        page.feed(text)
    return plain(page.title, MOST_IN_TITLE), plain(" ".join(page.words), MOST_IN_PREVIEW)


def plain(text: str, most: int) -> str:
    """One line of characters that can be seen, without those that reorder the text around them."""
    seen = (" " if unicodedata.category(each)[0] in "CZ" else each for each in text[: most * 20])
    return " ".join("".join(seen).split())[:most]


def _decoded(body: bytes, charset: str | None) -> str:
    found = _CHARSET.search(body[:2048])
    for name in (charset, found[1].decode() if found else None):
        if encoding := _encoding(name or ""):
            return body.decode(encoding, "replace")
    return body.decode("utf-8-sig", "replace")


def _encoding(name: str) -> str:
    """Empty for what is no charset of the web: Python knows encodings that are slow, or no encodings of text."""
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return _ENCODINGS.get(known, known if _OF_THE_WEB.fullmatch(known) else "")


class _Page(HTMLParser):
    """Collects the title and the visible words, and stops collecting when there are enough."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title, self.words = "", list[str]()
        self._in_title, self._unseen, self._length = False, 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title" and not self.title
        self._unseen += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"
        self._unseen -= tag in _UNSEEN and self._unseen > 0

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data[: MOST_IN_TITLE * 2]
        elif not self._unseen and self._length < MOST_IN_PREVIEW * 2:
            self.words.append(data[: MOST_IN_PREVIEW * 2])
            self._length += len(data.strip())
