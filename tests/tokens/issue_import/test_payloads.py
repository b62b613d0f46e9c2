"""GitHub's JSON, in the shapes that it comes in, and everything else."""

import base64
import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import Invalid
from tests.factories.issues import payload
from tokens.issue_import.payloads import read_file
from tokens.issue_import.values import number_of_node

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_list_a_single_issue_pages_a_search_and_a_webhook_are_all_read() -> None:
    one, two = payload(1), payload(2)
    for value in ([one, two], [[one], [two]], {"items": [one, two]}, {"issues": [one, two]}):
        assert [issue.number for issue in read_file(encoded(value)).issues] == [1, 2]
    for value in (one, {"action": "opened", "issue": one, "repository": {"id": 5}}):
        assert [issue.number for issue in read_file(encoded(value)).issues] == [1]


def test_what_gh_prints_is_read_by_the_numbers_in_its_node_ids() -> None:
    node = "I_" + base64.urlsafe_b64encode(msgspec.msgpack.encode([0, 44, 1_000_009])).decode().rstrip("=")
    person = base64.b64encode(b"04:User583231").decode()
    listed = {
        "id": node,
        "number": 9,
        "url": "https://github.com/garden/requests/issues/9",
        "title": "Lantern",
        "author": {"id": person, "login": "dana"},
        "createdAt": "2026-08-01T10:00:00Z",
        "labels": [{"name": "tier-request"}],
        "body": "### A\n\nb",
    }
    [issue] = read_file(encoded([listed])).issues
    assert (issue.id, issue.author, issue.number) == (1_000_009, 583231, 9)
    assert issue.url == "https://github.com/garden/requests/issues/9"


@pytest.mark.parametrize("node", ["", "U_", "dana", "U_////", "////", "U_kgDO", "MDQ6VXNlcg=="])
def test_what_is_no_node_id_has_no_number(node: str) -> None:
    assert number_of_node(node) is None


def test_pull_requests_are_counted_and_left_out() -> None:
    found = read_file(encoded([payload(1), payload(2, pull_request={"url": "x"})]))
    assert ([issue.number for issue in found.issues], found.pulls) == ([1], 1)


def test_of_the_same_issue_twice_the_newer_one_counts() -> None:
    old, new = payload(1, title="old"), payload(1, title="new", updated_at="2026-08-05T10:00:00Z")
    assert [issue.title for issue in read_file(encoded([new, old])).issues] == ["new"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"user": None}, "no longer on GitHub"),
        ({"user": {"login": "dana"}}, "id of the author"),
        ({"id": None, "node_id": None}, "id of the issue"),
        ({"number": 0}, "no number"),
        ({"created_at": "yesterday"}, "when it was opened"),
    ],
)
def test_an_issue_that_cannot_be_read_says_why_and_the_others_are_read(values: dict[str, Any], why: str) -> None:
    found = read_file(encoded([{**payload(3), **values}, payload(4)]))
    assert [issue.number for issue in found.issues] == [4]
    assert why in found.unread[0].why


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://evil.example/", "http://github.com/a/b/issues/1"])
def test_only_the_address_of_an_issue_becomes_a_link(link: str) -> None:
    [issue] = read_file(encoded(payload(1, html_url=link))).issues
    assert issue.url == ""


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no", b"[]", b"3", b"[" * 100_000])
def test_what_is_no_list_of_issues_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(Invalid) as raised:
        read_file(content)
    assert raised.value.field == "file"


@given(anything)
def test_any_json_is_read_or_refused(value: Any) -> None:
    with suppress(Invalid):
        read_file(encoded(value))


@given(st.sampled_from(sorted(payload())), anything)
def test_any_value_in_any_field_is_read_or_said(name: str, value: Any) -> None:
    found = read_file(encoded([{**payload(1), name: value}, payload(2)]))
    assert found.pulls + len(found.issues) + len(found.unread) >= 1
    for issue in found.issues:
        assert "\0" not in issue.title + issue.body
