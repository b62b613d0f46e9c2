"""Every message of the project has its Chinese, whether or not makemessages finds it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation

from tests.guards.sources import Source, sources
from tiers import words
from tiers.starter import read

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in {".html", ".txt"})

# name of the function → where its message stands, counting from 0; the context stands before it.
MARKS = {"_": 0, "gettext": 0, "gettext_lazy": 0, "gettext_noop": 0, "ngettext": 0, "ngettext_lazy": 0}
MARKS_WITH_CONTEXT = {"pgettext": 1, "pgettext_lazy": 1, "npgettext": 1, "npgettext_lazy": 1}
TRANSLATE = re.compile(
    r"""{%-?\s*trans(?:late)?\s+(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')(?:[^%]*?\bcontext\s+"(?P<context>[^"]*)")?"""
)
CONSTANT = re.compile(r"""[:=|\s]_\("(?P<double>[^"]*)"\)""")
BLOCK = re.compile(
    r"{%\s*blocktrans(?:late)?\b(?P<head>.*?)%}(?P<one>.*?)(?:{%\s*plural\s*%}.*?)?{%\s*endblocktrans(?:late)?\s*%}",
    re.DOTALL,
)
VARIABLE = re.compile(r"{{\s*([\w.]+)\s*}}")

Key = tuple[str | None, str]


def chinese() -> dict[Key, Message]:
    with (ROOT / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as lines:
        catalogue: Catalog = read_po(lines)
    return {(m.context, m.id[0] if isinstance(m.id, tuple) else m.id): m for m in catalogue if m.id}


def is_said(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and bool(message.string) and all(message.string)


def of_source(source: Source) -> Iterator[Key]:
    """Within f-strings too, where makemessages finds nothing."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        name = node.func.id
        place = {**MARKS, **MARKS_WITH_CONTEXT}.get(name)
        texts = [n.value if isinstance(n, ast.Constant) and isinstance(n.value, str) else None for n in node.args]
        if place is None or len(texts) <= place:
            continue
        text = texts[place]
        if text is not None:
            yield texts[0] if name in MARKS_WITH_CONTEXT else None, text


def of_template(text: str) -> Iterator[Key]:
    for found in TRANSLATE.finditer(text):
        yield found["context"], found["double"] or found["single"]
    for found in CONSTANT.finditer(text):
        yield None, found["double"]
    for found in BLOCK.finditer(text):
        one = found["one"].replace("%", "%%")
        if re.search(r"\btrimmed\b", found["head"]):
            one = " ".join(line.strip() for line in one.strip().splitlines())
        yield None, VARIABLE.sub(r"%(\1)s", one)


def test_no_message_is_left_empty_or_fuzzy() -> None:
    assert [key for key, message in chinese().items() if not is_said(message)] == []


@pytest.mark.parametrize("storey", ["accounts", "tiers", "tokens", "config"])
def test_every_message_of_the_code_is_said(storey: str) -> None:
    known = chinese()
    wanted = {key for source in sources(storey) for key in of_source(source)}
    assert len(wanted) > 10
    assert sorted(str(key) for key in wanted if not is_said(known.get(key))) == []


def test_every_message_of_the_templates_is_said() -> None:
    known = chinese()
    wanted = {key for path in TEMPLATES for key in of_template(path.read_text())}
    assert len(wanted) > 400
    assert sorted(str(key) for key in wanted if not is_said(known.get(key))) == []


def test_the_starter_catalogue_is_said() -> None:
    starter = read()
    texts = [operation.label for operation in starter.operations] + [tier.description for tier in starter.tiers]
    with translation.override("zh-hans"):
        assert [text for text in texts if words.said(text) == text] == []
        assert words.said("") == ""
        assert words.said("What staff wrote") == "What staff wrote"
    assert [words.said(text) for text in texts] == texts


@pytest.mark.parametrize(
    ("template", "keys"),
    [
        ('{% translate "Sent" %}', [(None, "Sent")]),
        ('{% translate "By" context "decision" as word %}', [("decision", "By")]),
        ('{{ text|default:_("No limit") }}', [(None, "No limit")]),
        ("{% blocktranslate with name=a.b %}Edit {{ name }}{% endblocktranslate %}", [(None, "Edit %(name)s")]),
        ("{% blocktranslate count n=x %}{{ n }} key{% plural %}keys{% endblocktranslate %}", [(None, "%(n)s key")]),
    ],
)
def test_the_search_for_messages_finds_them(template: str, keys: list[Key]) -> None:
    assert list(of_template(template)) == keys
