"""The pages about people: they open, keep what was typed, cost a fixed number of queries; no GET changes anything."""

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import audit
from accounts.actions.invitations import invite_member
from accounts.actions.workspaces import create_workspace
from accounts.invitations import secret_for
from accounts.models import AuditEvent, Invitation, Membership, User, Workspace
from tests.accounts.people import joined, person, personal_workspace, sign_in

pytestmark = pytest.mark.django_db

PAGES = [
    "/profile/",
    "/profile/security/",
    "/workspace/",
    "/workspace/activity/",
    "/workspace/rename/",
    "/workspace/new/",
    "/workspace/leave/",
    "/workspace/invite/",
    "/accounts/email/",
    "/accounts/sessions/",
    "/accounts/3rdparty/",
    "/accounts/password/change/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/logout/",
]
VISITORS = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/accounts/inactive/",
    "/accounts/3rdparty/login/cancelled/",
    "/accounts/3rdparty/login/error/",
]


def everything() -> list[object]:
    """All rows that a page could change."""
    models = [User, Workspace, Membership, Invitation]
    return [AuditEvent.objects.count(), *(list(model.objects.order_by("pk").values()) for model in models)]


@pytest.fixture
def ada():
    return person("ada@example.com", name="Ada Byron")


@pytest.fixture
def browser(ada):
    return sign_in(ada)


@pytest.mark.parametrize("path", PAGES)
def test_a_signed_in_person_can_open_it_and_looking_changes_nothing(path, browser):
    before = everything()
    response = browser.get(path)
    assert response.status_code == 200
    assert response.content.count(b"<h1") == 1
    assert everything() == before


@pytest.mark.parametrize("path", VISITORS)
def test_a_visitor_can_open_it(path, client):
    response = client.get(path)
    assert response.status_code == (401 if "error" in path else 200)
    assert response.content.count(b"<h1") == 1


@pytest.mark.parametrize("path", PAGES)
def test_a_visitor_is_sent_to_sign_in(path, client):
    response = client.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/") or path == "/accounts/logout/"


@pytest.mark.parametrize("path", PAGES[:8])
def test_it_speaks_chinese(path, ada):
    User.objects.filter(pk=ada.pk).update(locale="zh-hans")
    response = sign_in(ada).get(path)
    assert 'lang="zh-hans"' in response.content.decode().lower()


def test_the_profile_keeps_what_was_typed_when_it_is_refused(browser, ada):
    response = browser.post("/profile/", {"name": "n" * 101, "locale": "en", "single_keys": "on"})
    assert response.status_code == 422
    assert "n" * 101 in response.content.decode()
    ada.refresh_from_db()
    assert ada.name == "Ada Byron"


def test_the_profile_is_saved_with_an_event_that_holds_no_name(browser, ada):
    response = browser.post("/profile/", {"name": "Ada L.", "locale": "zh-hans"})
    assert response.status_code == 302
    ada.refresh_from_db()
    assert (ada.name, ada.locale, ada.single_keys) == ("Ada L.", "zh-hans", False)
    event = AuditEvent.objects.get(action="person.profile_changed")
    assert event.after == {"name": "…", "locale": "zh-hans", "single_keys": False}


@pytest.mark.parametrize("path", ["/workspace/", "/workspace/activity/", "/profile/security/"])
def test_the_number_of_queries_does_not_grow(path, browser, ada):
    workspace = create_workspace(name="Shared", by=ada)
    browser.post("/workspace/switch/", {"workspace": workspace.public_id})

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert browser.get(path).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(5):
        joined(workspace)
        invite_member(workspace=workspace, email=f"n{number}@example.com", role="member", by=ada)
    assert queries() == few


def test_switching_is_for_ones_own_workspaces(browser, ada):
    mine, other = create_workspace(name="Mine", by=ada), personal_workspace(person())
    assert browser.get("/workspace/switch/").status_code == 405
    assert browser.post("/workspace/switch/", {"workspace": mine.public_id}).status_code == 302
    assert browser.session["workspace"] == mine.public_id
    assert browser.post("/workspace/switch/", {"workspace": other.public_id}).status_code == 404
    assert browser.session["workspace"] == mine.public_id
    elsewhere = browser.post("/workspace/switch/", {"workspace": mine.public_id, "next": "https://evil.example/"})
    assert elsewhere["Location"] == "/"


def test_the_whole_way_of_an_invitation(browser, ada):
    browser.post("/workspace/new/", {"name": "Garden"})
    workspace = Workspace.objects.get(name="Garden")
    browser.post("/workspace/invite/", {"email": "bob@example.com", "role": "member"})
    invitation = Invitation.objects.get(workspace=workspace)
    path = f"/invitations/{invitation.public_id}/{secret_for(invitation.public_id)}/"
    bob = sign_in(person("bob@example.com"))
    before = everything()
    assert "Garden" in Client().get(path).content.decode()
    assert "Accept the invitation" in bob.get(path).content.decode()
    assert everything() == before
    assert Client().post(path)["Location"].startswith("/accounts/login/")
    assert bob.post(path).status_code == 302
    assert bob.get("/workspace/").context["request"].workspace == workspace
    assert bob.post(path).status_code == 409
    assert bob.get(path[:-3] + "x/").status_code == 404


def test_a_refused_invitation_keeps_the_address(browser):
    response = browser.post("/workspace/invite/", {"email": "not an address", "role": "member"})
    assert response.status_code == 422
    assert "not an address" in response.content.decode()


def test_an_owner_changes_and_removes_members_and_a_member_does_not(browser, ada):
    workspace = create_workspace(name="Shared", by=ada)
    bob = joined(workspace, email="bob@example.com").user
    browser.post("/workspace/switch/", {"workspace": workspace.public_id})
    member = sign_in(bob)
    member.post("/workspace/switch/", {"workspace": workspace.public_id})
    assert member.get("/workspace/").status_code == 200
    for path in ("/workspace/invite/", "/workspace/rename/", f"/workspace/members/{ada.public_id}/"):
        assert member.get(path).status_code == 403
        assert member.post(path).status_code == 403
    assert browser.post(f"/workspace/members/{bob.public_id}/", {"role": "owner"}).status_code == 302
    assert Membership.objects.get(workspace=workspace, user=bob).role == "owner"
    assert browser.post(f"/workspace/members/{bob.public_id}/remove/").status_code == 302
    assert member.get("/workspace/").context["request"].workspace == personal_workspace(bob)
    refused = browser.post(f"/workspace/members/{ada.public_id}/", {"role": "member"})
    assert refused.status_code == 422
    assert "last owner" in refused.content.decode()


def test_the_activity_is_paged_by_place_in_the_chain(browser, ada):
    workspace = personal_workspace(ada)
    for number in range(60):
        with transaction.atomic():
            audit.record("thing.done", ada, by=audit.Task("test"), workspace=workspace, reason=f"number {number:02}")
    first = browser.get("/workspace/activity/").content.decode()
    assert "number 59" in first
    assert "number 10" in first
    assert "number 09" not in first
    older = browser.get("/workspace/activity/?before=12").content.decode()
    assert "number 09" in older
    assert "Signed up" in older
    newer = browser.get("/workspace/activity/?after=11")
    assert "number 10" in newer.content.decode()
    assert browser.get("/workspace/activity/?before=nonsense").status_code == 200


def test_what_reviewers_say_among_themselves_is_not_told_to_the_workspace(browser, ada):
    with transaction.atomic():
        audit.record(
            "request.remarked", ada, by=audit.Task("test"), workspace=personal_workspace(ada), reason="a doubt"
        )
        audit.record("token.minted", ada, by=audit.Task("test"), workspace=personal_workspace(ada))
    page = browser.get("/workspace/activity/").content.decode()
    assert "Token made" in page
    assert "remarked" not in page
    assert "a doubt" not in page
