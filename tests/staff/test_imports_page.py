"""The pages by which administrators bring in issues."""

import json

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.errors import Invalid
from accounts.models import User
from tests import factories
from tests.factories.issues import HEADINGS, payload
from tiers.models import Tier
from tokens.actions import issue_import
from tokens.actions.issue_forms import add_form, edit_form
from tokens.models import AccessRequest, ImportedIssue, IssueForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client) -> User:
    factories.catalogue()
    person = factories.administrator()
    answer = client.post("/accounts/login/", {"login": person.email, "password": factories.PASSWORD})
    assert answer.status_code == 302
    return person


def added(client: Client, **values: str) -> IssueForm:
    answer = client.post("/review/imports/new/", {"repository": "garden/requests", "tier": "flower", **values})
    assert answer.status_code == 200
    return IssueForm.objects.get()


def upload(client: Client, form: IssueForm, content: object) -> str:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    file = SimpleUploadedFile("issues.json", body, content_type="application/json")
    answer = client.post(f"/review/imports/{form.public_id}/file/", {"file": file}, follow=True)
    return answer.content.decode()


def test_from_a_repository_to_access_requests(client: Client, administrator: User) -> None:
    form = added(client)
    text = upload(client, form, [payload(1), payload(2, user=None), payload(3, user={"id": 5, "login": "else"})])
    assert "#2: Its author is no longer on GitHub." in text
    assert (text.count("not here yet"), ImportedIssue.objects.count()) == (2, 2)
    assert IssueForm.objects.get().headings == HEADINGS
    SocialAccount.objects.create(user=factories.person("Dana"), provider="github", uid="583231")
    client.post(f"/review/imports/{form.public_id}/want/", {"all": "1"})
    assert issue_import.open_waiting(by=administrator) == 1
    page = client.get(f"/review/imports/{form.public_id}/?tab=made").content.decode()
    assert AccessRequest.objects.get().public_id in page
    assert client.get(f"/review/imports/{form.public_id}/?tab=author").content.decode().count("not here yet") == 1


def test_only_a_tier_that_is_applied_for_can_be_what_issues_ask_for(client: Client, administrator: User) -> None:
    """Neither what everybody has, nor what everybody takes."""
    page = client.get("/review/imports/new/").content.decode()
    assert 'value="flower"' in page
    for slug in ("anonymous", "seed"):
        assert f'value="{slug}"' not in page
        answer = client.post("/review/imports/new/", {"repository": "garden/requests", "tier": slug})
        assert answer.status_code == 422
        with pytest.raises(Invalid, match="needs no request"):
            add_form(repository="garden/requests", headings={}, tier=Tier.objects.get(slug=slug), by=administrator)
    form = added(client)
    assert client.post(f"/review/imports/{form.public_id}/edit/", {"tier": "anonymous"}).status_code == 422
    with pytest.raises(Invalid, match="needs no request"):
        edit_form(form=form, headings={}, tier=Tier.objects.get(slug="anonymous"), by=administrator)


def test_a_form_whose_tier_everybody_takes_by_now_still_takes_files(client: Client, administrator: User) -> None:
    form = added(client)
    Tier.objects.filter(slug="flower").update(self_service=True)
    assert "1 new" in upload(client, form, [payload(1)])


def test_the_secret_is_shown_once(client: Client, administrator: User) -> None:
    answer = client.post("/review/imports/new/", {"repository": "https://github.com/garden/requests"})
    assert "It is shown only this once" in answer.content.decode()
    assert answer["Cache-Control"].find("no-store") >= 0
    form = IssueForm.objects.get()
    assert form.repository == "garden/requests"
    assert form.sealed_secret not in client.get(f"/review/imports/{form.public_id}/").content.decode()


@pytest.mark.parametrize("repository", ["", "garden", "garden/requests/issues", "../../etc", "a b/c", "-x/y"])
def test_what_is_no_repository_is_refused_and_kept(client: Client, administrator: User, repository: str) -> None:
    answer = client.post("/review/imports/new/", {"repository": repository, "label": "tier-request"})
    assert answer.status_code == 422
    assert 'value="tier-request"' in answer.content.decode()
    assert not IssueForm.objects.exists()


@pytest.mark.parametrize("content", [b"", b"nothing", b"[]"])
def test_a_file_that_is_none_is_refused_in_words(client: Client, administrator: User, content: bytes) -> None:
    form = added(client)
    file = SimpleUploadedFile("issues.json", content)
    answer = client.post(f"/review/imports/{form.public_id}/file/", {"file": file})
    assert answer.status_code == 422
    assert not ImportedIssue.objects.exists()


def test_other_headings_are_read_again(client: Client, administrator: User) -> None:
    form = added(client)
    upload(client, form, [payload(1)])
    client.post(f"/review/imports/{form.public_id}/edit/", {"heading_users": "App Name", "label": "tier-request"})
    assert ImportedIssue.objects.get().matched == {"users": "Lantern"}
    assert "App Description" in ImportedIssue.objects.get().unmatched
    text = upload(client, IssueForm.objects.get(), [payload(2, labels=[])])
    assert "1 has not the label." in text


def test_hostile_text_is_shown_as_text(client: Client, administrator: User) -> None:
    form = added(client)
    evil = "<img src=x onerror=alert(1)>"
    body = f"### {evil}\n\n{evil}"
    upload(client, form, [payload(1, title=evil, body=body, html_url="javascript:alert(1)")])
    issue = ImportedIssue.objects.get()
    for address in ("", f"{issue.public_id}/"):
        page = client.get(f"/review/imports/{form.public_id}/{address}").content.decode()
        assert "<img" not in page
        assert "javascript:" not in page


@pytest.mark.parametrize("number", [1, 12])
def test_the_number_of_queries_does_not_depend_on_the_issues(
    client: Client, administrator: User, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    form = added(client)
    upload(client, form, [payload(each) for each in range(1, number + 1)])
    client.get(f"/review/imports/{form.public_id}/")
    with django_assert_num_queries(13):
        client.get(f"/review/imports/{form.public_id}/")
