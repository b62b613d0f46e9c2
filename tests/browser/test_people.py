"""The pages about people in a real browser: accessible, quiet under the Content-Security-Policy, and passkeys."""

import pytest
from playwright.sync_api import expect

from accounts.actions.invitations import invite_member
from accounts.actions.workspaces import create_workspace
from accounts.invitations import secret_for
from accounts.models import User
from tests.accounts.people import PASSWORD, joined, person
from tests.browser.conftest import faults

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OWN = [
    "/profile/",
    "/profile/security/",
    "/workspace/",
    "/workspace/activity/",
    "/workspace/new/",
    "/workspace/leave/",
    "/workspace/invite/",
    "/accounts/email/",
    "/accounts/sessions/",
    "/accounts/3rdparty/",
]
VISITORS = ["/accounts/login/", "/accounts/signup/", "/accounts/login/code/", "/accounts/password/reset/"]


@pytest.fixture
def ada() -> User:
    made = person("ada@example.com", name="Ada Byron")
    workspace = create_workspace(name="Garden", by=made)
    joined(workspace, name="Bob")
    invite_member(workspace=workspace, email="new@example.com", role="member", by=made)
    return made


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_pages_have_no_faults(browse, ada, phone):
    page = browse("/profile/", by=ada, phone=phone, dark=phone)
    for path in OWN:
        page.goto(path)
        assert faults(page) == [], path


def test_a_shared_workspace_and_its_members_have_no_faults(browse, ada):
    page = browse("/workspace/", by=ada)
    page.get_by_role("button", name="Workspace:").click()
    page.get_by_role("button", name="Garden").click()
    page.goto("/workspace/")
    expect(page.get_by_text("new@example.com").first).to_be_visible()
    assert faults(page) == []
    page.get_by_role("link", name="Change Bob").click()
    assert faults(page) == []


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_pages_of_visitors_have_no_faults(browse, ada, phone):
    invitation = ada.workspaces.get(name="Garden").invitations.get()
    page = browse("/accounts/login/", phone=phone, dark=phone)
    for path in [*VISITORS, f"/invitations/{invitation.public_id}/{secret_for(invitation.public_id)}/"]:
        page.goto(path)
        assert faults(page) == [], path


def test_signing_in_and_out_without_script(browse, ada):
    page = browse("/accounts/login/", script=False)
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Ada Byron").first).to_be_visible()
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").last.click()
    page.goto("/profile/")
    page.wait_for_url("**/accounts/login/?next=/profile/")


def test_a_passkey_is_added_and_signs_in(browse, ada):
    page = browse("/accounts/login/?next=/profile/security/")
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    keys.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Add a passkey").click()
    assert faults(page) == []
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert faults(page) == []
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("Ada Byron").first.wait_for()
    assert page.complaints == []
