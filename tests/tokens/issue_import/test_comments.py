"""Comments of issues: brought in once each, whoever gives them, and read in the conversation as a stranger's text."""

import base64
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.audit import System
from tests import factories
from tests.factories import payments
from tests.factories.issues import HEADINGS, payload
from tests.staff.test_imports_page import upload
from tests.tokens.issue_import.test_webhook import send
from tests.tokens.review.conftest import signed_in
from tests.tokens.review.test_messages_live import look
from tiers.actions.inbox import erase_text, handle_event
from tiers.models import Alarm, ProviderEvent, Tier
from tokens.actions import issue_forms, issue_import
from tokens.models import AccessRequest, ImportedComment
from tokens.selectors import review_live

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1))"


@pytest.fixture
def desk(client: Client) -> SimpleNamespace:
    factories.catalogue()
    ada, tier = factories.administrator(), Tier.objects.get(slug="flower")
    minted = issue_forms.add_form(repository="garden/requests", headings=HEADINGS, tier=tier, by=ada)
    return SimpleNamespace(form=minted.form, secret=minted.text, by=ada, client=signed_in(ada))


def comment(number: int = 1, *, issue: int = 7, **values: Any) -> dict[str, Any]:
    """As GitHub's REST interface has it."""
    return {
        "id": 5_000 + number,
        "html_url": f"https://github.com/garden/requests/issues/{issue}#issuecomment-{5_000 + number}",
        "issue_url": f"https://api.github.com/repos/garden/requests/issues/{issue}",
        "user": {"login": "dana", "id": 583231},
        "created_at": "2026-08-03T10:00:00Z",
        "updated_at": "2026-08-03T10:00:00Z",
        "body": f"Comment {number}",
        **values,
    }


def by_gh(number: int = 1, **values: Any) -> dict[str, Any]:
    """As `gh issue list --json comments` has it: no number of the author."""
    node = "IC_" + base64.urlsafe_b64encode(msgspec.msgpack.encode([0, 44, 5_000 + number])).decode().rstrip("=")
    url = f"https://github.com/garden/requests/issues/7#issuecomment-{5_000 + number}"
    said = {"id": node, "author": {"login": "dana"}, "url": url, "createdAt": "2026-08-03T10:00:00Z"}
    return {**said, "body": f"Comment {number}", **values}


def heard(action: str = "created", **values: Any) -> dict[str, Any]:
    newer = payload(updated_at="2026-08-09T10:00:00Z")
    return {
        "action": action,
        "issue": newer,
        "comment": comment(**values),
        "repository": {"id": 99, "full_name": "garden/requests"},
    }


def texts() -> list[str]:
    return list(ImportedComment.objects.order_by("at", "comment_id").values_list("body", flat=True))


def test_comments_within_an_issue_a_list_of_them_and_graphql(desk: SimpleNamespace) -> None:
    upload(desk.client, desk.form, [payload(comments=[by_gh(1)])])
    assert "2 comments new or changed." in upload(desk.client, desk.form, [[comment(1)], [comment(2)]])
    graph = {"data": {"repository": {"issues": {"nodes": [payload(comments={"nodes": [by_gh(3)]})]}}}}
    upload(desk.client, desk.form, graph)
    assert texts() == ["Comment 1", "Comment 2", "Comment 3"]
    assert dict(ImportedComment.objects.values_list("comment_id", "author_id")) == {
        5001: 583231,
        5002: 583231,
        5003: None,
    }


def test_the_count_of_comments_that_rest_gives_is_none_of_them(desk: SimpleNamespace) -> None:
    upload(desk.client, desk.form, [payload(comments=3)])
    assert texts() == []


def test_those_that_cannot_be_read_and_those_without_their_issue_are_said(desk: SimpleNamespace) -> None:
    page = upload(desk.client, desk.form, [payload(comments=[by_gh(createdAt=None), by_gh(2)])])
    assert "A comment could not be read: It does not say when it was written." in page
    assert "their issue is not here: 1" in upload(desk.client, desk.form, [comment(3, issue=8)])
    assert texts() == ["Comment 2"]


def test_what_is_newer_counts_and_an_older_file_brings_nothing_back(desk: SimpleNamespace) -> None:
    upload(desk.client, desk.form, [payload(comments=[comment(1)])])
    assert (
        send(desk, heard("edited", body="Better", updated_at="2026-08-04T10:00:00Z"), event="issue_comment").status_code
        == 200
    )
    upload(desk.client, desk.form, [comment(1), comment(1)])
    assert texts() == ["Better"]
    send(desk, heard("deleted"), event="issue_comment", **{"X-GitHub-Delivery": "d-2"})
    upload(desk.client, desk.form, [comment(1, updated_at="2027-01-01T00:00:00Z")])
    assert texts() == [""]


def test_a_comment_is_heard_by_the_webhook_and_asks_for_nothing(desk: SimpleNamespace) -> None:
    SocialAccount.objects.create(user=factories.person("Dana"), provider="github", uid="583231")
    for number in range(2):
        send(desk, heard(), event="issue_comment", **{"X-GitHub-Delivery": f"d-{number}"})
    assert texts() == ["Comment 1"]
    assert issue_import.open_waiting(by=desk.by) == 0
    assert send(desk, heard("pinned"), event="issue_comment").json() == {"state": "ignored"}
    pull = {**heard(number=4), "issue": payload(8, pull_request={"url": "x"})}
    assert send(desk, pull, event="issue_comment", **{"X-GitHub-Delivery": "d-9"}).status_code == 200
    assert texts() == ["Comment 1"]


def test_one_that_is_deleted_before_it_was_heard_of_stays_away(desk: SimpleNamespace) -> None:
    send(desk, heard("deleted"), event="issue_comment")
    send(desk, heard(), event="issue_comment", **{"X-GitHub-Delivery": "d-2"})
    assert texts() == [""]


def hear(desk: SimpleNamespace, delivery: str, said: dict[str, Any]) -> None:
    assert send(desk, said, event="issue_comment", **{"X-GitHub-Delivery": delivery}).status_code == 200


def inbox() -> bytes:
    return b"".join(bytes(event.body) for event in ProviderEvent.objects.all())


def test_what_is_deleted_is_in_no_message_of_the_inbox_either(desk: SimpleNamespace) -> None:
    hear(desk, "other", heard(number=2, body="Stays, see 5001"))
    hear(desk, "new", heard(body="My address is 1 Lane"))
    edit = {**heard("edited", body="None", updated_at="2026-08-04T10:00:00Z"), "changes": {"body": {"from": "1 Lane"}}}
    hear(desk, "edit", edit)
    assert b"1 Lane" in inbox()
    hear(desk, "gone", heard("deleted", body="1 Lane"))
    assert (b"1 Lane" in inbox(), b"None" in inbox(), b"Stays" in inbox()) == (False, False, True)
    # One that comes late says nothing either, and a repeated delivery is known, as no other message than it was.
    hear(desk, "late", heard("edited", body="1 Lane"))
    hear(desk, "new", heard(body="My address is 1 Lane"))
    assert b"1 Lane" not in inbox()
    assert ProviderEvent.objects.get(event_id="new").repeats == 1
    assert not Alarm.objects.exists()


def test_each_message_without_its_text_can_be_applied_again(desk: SimpleNamespace) -> None:
    hear(desk, "new", heard())
    hear(desk, "gone", heard("deleted"))
    for event in ProviderEvent.objects.order_by("id"):
        assert handle_event(event=event, by=System("again"), again=True).state == "applied"
    assert texts() == [""]


def test_of_an_order_no_message_loses_its_text() -> None:
    factories.catalogue()
    event = payments.told("order.paid", workspace=factories.person("Noor").personal_workspace)
    with pytest.raises(ValueError, match="stay as they came"):
        erase_text(event=event, left=b"{}")


def test_it_is_read_in_the_conversation_as_text_with_who_and_a_link(
    desk: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dana = factories.person("Dana")
    SocialAccount.objects.create(user=dana, provider="github", uid="583231")
    stranger = {"login": "mallory", "id": 666}
    said = [comment(1), comment(2, body=HOSTILE, user=stranger), comment(3, user=None, body="x" * 9_000)]
    upload(desk.client, desk.form, [payload(comments=said)])
    issue_import.want(form=desk.form, public_ids=None, by=desk.by)
    assert issue_import.open_waiting(by=desk.by) == 1
    asked = AccessRequest.objects.get()
    for client, path in ((desk.client, "review"), (signed_in(dana), "requests")):
        page = client.get(f"/{path}/{asked.public_id}/").content.decode()
        assert "brought it in from GitHub" in page
        assert "wrote on GitHub, where they had filed it" in page
        assert "GitHub id 583231" in page
        assert "GitHub did not say the author’s id" in page
        assert 'href="https://github.com/garden/requests/issues/7#issuecomment-5002"' in page
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; [x](javascript:alert(1))" in page
        assert "x" * 4_000 + " …" in page
    whole = desk.client.get(f"/review/imports/{desk.form.public_id}/{asked.imported_issue.public_id}/").content.decode()
    assert "x" * 9_000 in whole


@pytest.fixture
def quiet(desk: SimpleNamespace) -> AccessRequest:
    """Brought in with a comment, an hour ago."""
    SocialAccount.objects.create(user=factories.person("Dana"), provider="github", uid="583231")
    upload(desk.client, desk.form, [payload(comments=[comment(1)])])
    issue_import.want(form=desk.form, public_ids=None, by=desk.by)
    issue_import.open_waiting(by=desk.by)
    long_ago = timezone.now() - timedelta(hours=1)
    AccessRequest.objects.update(updated_at=long_ago, signals_at=long_ago)
    ImportedComment.objects.update(imported_at=long_ago)
    return AccessRequest.objects.get()


def test_a_new_comment_comes_in_beside_what_is_typed(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    """However long ago it was written there."""
    assert look(desk.client, quiet) == ""
    hear(desk, "new", heard(number=2, body=HOSTILE, user={"login": "mall\u202eory", "id": 666}))
    page, key = look(desk.client, quiet), f"said-g{ImportedComment.objects.latest('pk').pk}"
    assert "<bdi>mallory</bdi> wrote about it. What you typed stays as it is." in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count(f'id="{key}"') == page.count(f'href="#{key}"') == 1
    assert "Comment 1" not in page
    assert f'id="{key}"' in desk.client.get(f"/review/{quiet.public_id}/").content.decode()


def test_one_that_was_deleted_is_no_news(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    hear(desk, "gone", heard("deleted", number=2))
    assert look(desk.client, quiet) == ""


def test_what_is_edited_or_deleted_there_is_told_where_it_stands(desk: SimpleNamespace, quiet: AccessRequest) -> None:
    key = f"said-g{ImportedComment.objects.get().pk}"
    hear(desk, "edit", heard("edited", body="Better", updated_at="2026-08-04T10:00:00Z"))
    page = look(desk.client, quiet)
    assert "<bdi>dana</bdi> changed a comment on GitHub. What you typed stays as it is." in page
    assert (page.count(f'id="{key}"'), page.count("data-mark="), "Better" in page) == (1, 1, True)
    hear(desk, "gone", heard("deleted"))
    page = look(desk.client, quiet)
    assert "A comment by <bdi>dana</bdi> was deleted on GitHub." in page
    assert "Better" not in page
    assert "and it was deleted there" in page


def test_to_look_is_one_query_where_nobody_wrote(
    desk: SimpleNamespace,
    quiet: AccessRequest,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1):
        assert review_live.said(quiet.public_id, timezone.now(), desk.by) is None
