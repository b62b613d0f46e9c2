"""What an applicant changed since it was asked for, as the reviewer reads it."""

from types import SimpleNamespace

import pytest

from tokens.actions.requests import add_message, edit_request, submit_request
from tokens.actions.reviews import ask_for_changes
from tokens.actions.undoing import undo_decision
from tokens.models import AccessRequest, Decision
from tokens.selectors.resubmission import pieces, resubmission

from .conftest import PURPOSE, ask


def read(then: str, now: str) -> str:
    signs = {"same": "{}", "gone": "[-{}-]", "new": "[+{}+]"}
    return "".join(signs[piece.kind].format(piece.text) for piece in pieces(then, now))


@pytest.mark.parametrize(
    ("then", "now", "shown"),
    [
        ("for pupils of one school", "for pupils of two schools", "for pupils of [-one-][+two+] [-school-][+schools+]"),
        ("", "new words", "[+new words+]"),
        ("gone words", "", "[-gone words-]"),
        ("给学生读书", "给老师读书", "给[-学生-][+老师+]读书"),
        ("קריאה לתלמידים", "קריאה למורים", "קריאה [-לתלמידים-][+למורים+]"),
        ("<b>x</b>", "<b>y</b>", "<b>[-x-][+y+]</b>"),
    ],
)
def test_word_by_word(then: str, now: str, shown: str) -> None:
    assert read(then, now) == shown


def test_both_texts_are_whole_whatever_they_are() -> None:
    then, now = "a b  c\n\u202e<i>王 x" * 20, "b a\tc\n王<i> y" * 30
    found = list(pieces(then, now))
    assert "".join(piece.text for piece in found if piece.kind != "new") == then
    assert "".join(piece.text for piece in found if piece.kind != "gone") == now


def asked_and_changed(desk: SimpleNamespace, **values: object) -> AccessRequest:
    asked = ask()
    asked = ask_for_changes(access_request=asked, version=asked.version, text="How many?", by=desk.maintainer)
    if values:
        asked = edit_request(access_request=asked, values=values, by=asked.applicant)
    return submit_request(access_request=asked, by=asked.applicant)


def test_the_reviewer_reads_what_was_asked_and_what_changed(desk: SimpleNamespace) -> None:
    asked = asked_and_changed(desk, users="1200 pupils", expected_volume=300, purpose=f"{PURPOSE} <script>")
    page = desk.client.get(f"/review/{asked.public_id}/").content.decode()
    section = page[page.index('id="changed-h"') : page.index("</section>", page.index('id="changed-h"'))]
    assert "How many?" in section
    assert "<del>900</del><ins>1200</ins> pupils" in section
    assert "<del>12000</del><ins>300</ins>" in section
    assert "&lt;script&gt;" in section
    assert "<script>" not in section
    assert page.count('href="#changed-h"') == 1


def test_what_was_sent_again_as_it_was_says_so(desk: SimpleNamespace) -> None:
    page = desk.client.get(f"/review/{asked_and_changed(desk).public_id}/").content.decode()
    assert "the answer may stand in the conversation" in page


def test_nothing_is_compared_before_it_is_sent_or_after_the_asking_was_undone(desk: SimpleNamespace) -> None:
    asked = ask()
    assert resubmission(asked) is None
    asked = ask_for_changes(access_request=asked, version=asked.version, text="How many?", by=desk.maintainer)
    edited = edit_request(access_request=asked, values={"users": "one"}, by=asked.applicant)
    add_message(access_request=edited, text="Soon", by=asked.applicant)
    assert resubmission(edited) is None
    other = ask("Other")
    other = ask_for_changes(access_request=other, version=other.version, text="How many?", by=desk.maintainer)
    undo_decision(decision=Decision.objects.get(access_request=other), by=desk.maintainer)
    other.refresh_from_db()
    assert resubmission(other) is None
