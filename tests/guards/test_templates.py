"""What a template may not hold: what the Content-Security-Policy refuses, a glyph that is not there, a sentence
that cannot be translated."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html"))
SPRITE = (ROOT / "static/icons/sprite.svg").read_text()

INLINE = re.compile(r"""\s(style|on[a-z]+|hx-on[\w:-]*)\s*=\s*["']|javascript:|<style|<script(?![^>]*\bsrc=)""")
GLYPH = re.compile(r"""{%\s*icon\s+["']([^"']+)["']""")
LINK_TO_GLYPH = re.compile(r"sprite\.svg' %}#([\w-]+)")
# Read from the outside in: what is not text goes first.
NOT_TEXT = [
    re.compile(r"{#.*?#}"),
    re.compile(r"{%\s*comment.*?endcomment\s*%}", re.DOTALL),
    re.compile(r"{%\s*(blocktranslate|blocktrans)\b.*?{%\s*end\1\s*%}", re.DOTALL),
    re.compile(r"<(script|style|pre|code|kbd)\b.*?</\1>", re.DOTALL),
]
TAG_OF_TEMPLATE = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
SPOKEN_ATTRIBUTE = re.compile(r"""\b(?:aria-label|title|placeholder|alt|data-saved|data-unsaved)="([^"]*)\"""")
TAG = re.compile(r"<[^>]*>", re.DOTALL)
ASKS_FOR_SCHEME = re.compile(r"prefers-color-scheme|data-theme[^{]*{(?!\s*color-scheme:[^;]*;\s*})")
WORD = re.compile(r"[A-Za-z]{3,}")
# Names, which are the same in every language.
NAMES = {"Trellis", "English", "GitHub", "Google", "Discord", "UTC", "DNS", "TXT", "HTTPS", "URL", "API", "OpenAI"}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def spoken(source: str) -> list[str]:
    """The words of a template that gettext never sees."""
    for pattern in NOT_TEXT:
        source = pattern.sub(" ", source)
    source = TAG_OF_TEMPLATE.sub(" ", source)
    text = TAG.sub(" ", source)
    return [word for part in [*SPOKEN_ATTRIBUTE.findall(source), text] for word in WORD.findall(part)]


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_has_nothing_inline(path: Path) -> None:
    assert INLINE.search(path.read_text()) is None


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_template_names_only_glyphs_that_exist(path: Path) -> None:
    source = path.read_text()
    used = [*GLYPH.findall(source), *LINK_TO_GLYPH.findall(source)]
    assert [name for name in used if f'id="{name}"' not in SPRITE] == []


@pytest.mark.parametrize("path", [p for p in TEMPLATES if "mail" not in p.parts], ids=named)
def test_every_word_of_a_template_can_be_translated(path: Path) -> None:
    assert [word for word in spoken(path.read_text()) if word not in NAMES] == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>Sent on {{ day }}</p>", ["Sent"]),
        ("<p>{% translate 'Sent' %}</p>", []),
        ('<button aria-label="Close">', ["Close"]),
        ("<button aria-label=\"{% translate 'Close' %}\">", []),
        ("{% blocktranslate %}Sent on {{ day }}{% endblocktranslate %}", []),
        ('<a class="primary" href="/somewhere/">{{ name }}</a><code>trl_sk</code>', []),
    ],
)
def test_the_search_for_words_finds_them(source: str, words: list[str]) -> None:
    assert spoken(source) == words


def test_the_dark_is_other_colours_alone() -> None:
    """`light-dark()` takes nothing but colours. So whoever has looked at a page in the light need look at its colours
    alone in the dark."""
    asks = [
        named(path) for path in sorted((ROOT / "static/css").glob("*.css")) if ASKS_FOR_SCHEME.search(path.read_text())
    ]
    assert asks == []
