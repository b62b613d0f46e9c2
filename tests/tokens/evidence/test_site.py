"""What a stranger's page says of itself, read as plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.evidence.site import MOST_IN_PREVIEW, MOST_IN_TITLE, described, plain


def test_title_and_first_visible_words() -> None:
    page = b"""<!doctype html><html><head><title> Lantern &amp; Co </title><style>p{}</style></head>
        <body><script>alert(1)</script><h1>Reads aloud</h1><p>For <b>pupils</b>.</p></body></html>"""
    assert described(page, "text/html; charset=utf-8") == ("Lantern & Co", "Reads aloud For pupils .")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>灯笼</title>".encode("gb18030"), "text/html; charset=gb18030"),
        (b'<meta charset="gb18030">' + "<title>灯笼</title>".encode("gb18030"), "text/html"),
        ("<title>灯笼</title>".encode(), "text/html; charset=nonsense"),
    ],
)
def test_the_charset_is_the_headers_the_pages_or_utf8(body: bytes, content_type: str) -> None:
    assert described(body, content_type)[0] == "灯笼"


@pytest.mark.parametrize("charset", ["idna", "undefined", "punycode", "unicode_escape", "hex", "a\0b", "rot13", "zip"])
def test_no_name_of_a_charset_makes_python_do_more_than_reading_text(charset: str) -> None:
    page = "<title>Lantern</title>\\x41é".encode()
    assert described(page, f"text/html; charset={charset}") == ("Lantern", "\\x41é")
    assert described(page, "text/html")[0] == "Lantern"


@pytest.mark.parametrize("broken", ["<![foo[ x ]]>", "&#" + "9" * 6000 + ";", "<!--", "<" * 60_000, "<title>" * 8000])
def test_a_page_that_the_parser_gives_up_on_is_read_until_there(broken: str) -> None:
    title, preview = described(f"<title>Lantern</title><p>Reads aloud</p>{broken}".encode(), "text/html")
    assert title == "Lantern"
    assert preview.startswith("Reads aloud")


def test_what_is_no_page_is_not_read() -> None:
    assert described(b"\x89PNG<title>x</title>", "image/png") == ("", "")
    assert described(b"just words", "text/plain") == ("", "just words")


def test_markup_reordering_and_unseen_characters_do_not_come_through() -> None:
    title, preview = described("<title>a\u202eb\0c</title><p>&lt;script&gt;x".encode(), "text/html")
    assert title == "a b c"
    assert preview == "<script>x"


@given(st.binary(max_size=2000), st.text(max_size=40))
def test_any_bytes_at_all_are_read_within_bounds(body: bytes, content_type: str) -> None:
    title, preview = described(body, content_type.replace("\r", "").replace("\n", ""))
    assert len(title) <= MOST_IN_TITLE
    assert len(preview) <= MOST_IN_PREVIEW
    assert title == plain(title, MOST_IN_TITLE)
