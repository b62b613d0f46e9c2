"""Translations are compiled as GNU gettext would, and what is wrong with them is said."""

import gettext
import os
from pathlib import Path

import pytest

from config import translations

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: zh_Hans\\n"\n\n'


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + 'msgid "Sign in"\nmsgstr "登录"\n\n#, fuzzy\nmsgid "Old"\nmsgstr "旧"\n')
    return path


def test_a_compiled_catalogue_translates(catalogue: Path) -> None:
    assert translations.compile_stale([catalogue.parents[2]]) == [catalogue]
    with catalogue.with_suffix(".mo").open("rb") as compiled:
        translated = gettext.GNUTranslations(compiled)
    assert translated.gettext("Sign in") == "登录"
    assert translated.gettext("Old") == "Old"


def test_only_what_changed_is_compiled(catalogue: Path) -> None:
    translations.compile_stale([catalogue.parents[2]])
    assert translations.compile_stale([catalogue.parents[2]]) == []
    later = catalogue.with_suffix(".mo").stat().st_mtime + 1
    os.utime(catalogue, (later, later))
    assert translations.compile_stale([catalogue.parents[2]]) == [catalogue]


def test_fuzzy_messages_and_lost_placeholders_are_problems(catalogue: Path) -> None:
    catalogue.write_text(catalogue.read_text() + '\n#, python-format\nmsgid "Hello %(name)s"\nmsgstr "你好 %(nam)s"\n')
    found = "\n".join(translations.problems([catalogue.parents[2]]))
    assert "'Old' is marked fuzzy" in found
    assert "Hello %(name)s" in found


@pytest.mark.parametrize("entry", ['msgid "Sign in\nmsgstr "登录"\n', 'msgid "Sign in"\n', "Sign in\n"])
def test_a_broken_catalogue_is_a_problem(catalogue: Path, entry: str) -> None:
    catalogue.write_text(HEAD + entry + 'msgid "b"\nmsgstr "c"\n')
    assert list(translations.problems([catalogue.parents[2]])) != []
