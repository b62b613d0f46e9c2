"""Bodies as people, templates and other tools write them: what can be told apart is, and nothing is lost."""

import pytest

from tests.tokens.issue_import.test_bodies import words
from tokens.issue_import.bodies import read
from tokens.issue_import.matching import calls_a_day, guess, match

APP = {"application": "Lantern"}
BOTH = {**APP, "purpose": "Reads aloud"}
DEEPER = "Reads\n\n#### How\n\nIn parts\n\n## Why"
ODD: dict[str, tuple[str, dict[str, str]]] = {
    "no blank lines": ("### App Name\nLantern\n### Purpose\nReads aloud", BOTH),
    "carriage returns": ("### App Name\r\n\r\nLantern\r\n\r\n### Purpose\r\n\r\nReads aloud\r\n", BOTH),
    "old Mac": ("### App Name\r\rLantern\r\r### Purpose\r\rReads aloud", BOTH),
    "byte order mark": ("\ufeff### App Name\n\nLantern", APP),
    "indented": (" ### App Name\n\nLantern\n\n   ### Purpose\n\nReads aloud", BOTH),
    "a tab after the signs": ("###\tApp Name\n\nLantern", APP),
    "a template's second level": ("## App Name\n\nLantern\n\n## Purpose\n\nReads aloud", BOTH),
    "a template's first level": ("# App Name\nLantern\n# Purpose\nReads aloud", BOTH),
    "closed headings": ("### App Name ###\n\nLantern\n\n### Purpose ##\n\nReads aloud", BOTH),
    "set off headings": ("### **App Name**\n\nLantern\n\n### `Purpose` *\n\nReads aloud", BOTH),
    "signs in headings": ("### 📱 App Name\n\nLantern\n\n### 🎯 Purpose:\n\nReads aloud", BOTH),
    "nothing answered": (
        "### App Name\n\n_no response_\n\n### Purpose\n\n*No response*",
        dict.fromkeys(BOTH, ""),
    ),
    "Chinese": (
        "### 应用名称\n\n灯笼\n\n### 用途\n\n朗读\n\n### 每天调用量\n\n３万",
        {"application": "灯笼", "purpose": "朗读", "expected_volume": "３万"},
    ),
    "headings between": (
        "### Purpose\n\nReads aloud\n\n#### How\n\nIn parts\n\n## Why",
        {"purpose": "Reads aloud\n\n#### How\n\nIn parts\n\n## Why"},
    ),
    "a heading in an answer": (
        "### Purpose\n\nReads aloud\n\n### Background\n\nAid\n\n### App Name\n\nLantern",
        BOTH,
    ),
    "code that nobody ends": ("### App Name\n\nLantern\n\n### Log\n\n```\n### Purpose\nno", APP),
    "quoted": ("> ### App Name\n> Mallory\n\n### App Name\n\nLantern", APP),
    "bold lines": ("**App Name**\nLantern\n\n**Purpose:** Reads aloud", {}),
    "underlined": ("App Name\n--------\nLantern", {}),
    "Arabic": ("### اسم التطبيق\n\nفانوس", {}),
    "nothing": ("", {}),
}


@pytest.mark.parametrize("name", ODD)
def test_what_can_be_told_apart_is_and_nothing_is_lost(name: str) -> None:
    body, expected = ODD[name]
    answers = read(body)
    found = match(answers, guess(answers.found))
    assert found.values == expected
    shown = " ".join([*answers.found, *found.values.values(), *found.unmatched.values()])
    for word in words(body) - words("_no response_ *No response*"):
        assert word.strip("\ufeff#`*:_") in shown


@pytest.mark.parametrize(
    ("boxes", "ticked"),
    [
        ("- [x] Yes\n  - [X] Also this\n  - [ ] Not this\n- [ ] No", "Yes, Also this"),
        ("* [x] Yes\n\n* [ ] No", "Yes"),
        ("+ [X] Yes\n+ [ ] No", "Yes"),
        ("1. [x] Yes\n2) [ ] No\n\t- [x] Deep", "Yes, Deep"),
        ("- [ ] No\r\n- [ ] Neither", ""),
        ("- [x] Yes\nand a word", "- [x] Yes\nand a word"),
        ("- [y] Odd", "- [y] Odd"),
    ],
)
def test_of_boxes_in_whatever_list_the_ticked_ones_count(boxes: str, ticked: str) -> None:
    assert match(read(f"### Tier\n\n{boxes}"), {"tier": "Tier"}).values == {"tier": ticked}


def test_calls_are_read_as_they_are_written_elsewhere() -> None:
    written = {
        "1.500": 1500,
        "１，５００": 1500,
        "etwa 2\u00a0000 am Tag": 2000,
        "3万": 30_000,
        "10k/day": 10_000,
        "viele": None,
    }
    assert {text: calls_a_day(text) for text in written} == written
