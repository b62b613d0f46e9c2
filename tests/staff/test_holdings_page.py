"""Holdings: who has what and why, given and taken by administrators with a reason, read by auditors."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.ids import new_public_id
from accounts.models import AuditEvent, MembershipRole, User
from tests.factories import administrator, application, auditor, catalogue, join, maintainer, person, token
from tiers.actions.grants import give_grant
from tiers.models import AIModel, Grant, Tier
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.reviews import approve_request
from tokens.models import Application

pytestmark = pytest.mark.django_db
LIST_QUERIES, DETAIL_QUERIES = 14, 21


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(administrator())
    return client


@pytest.fixture
def chat() -> Application:
    """An application whose workspace holds seed by the rule."""
    catalogue()
    made = application(person("Noor"))
    token(made)
    return made


def give(chat: Application, **values: Any) -> Grant:
    tier = None if "model" in values else Tier.objects.get(slug="flower")
    given = {"tier": tier, "source": "manual", "source_id": new_public_id(), "reason": "Known to us", **values}
    return give_grant(workspace=chat.workspace, by=administrator(), **given)


def form(chat: Application, **values: Any) -> dict[str, Any]:
    given = {"key": new_public_id(), "workspace": chat.workspace.public_id, "permissions": ["generate"]}
    return {**given, "tier": Tier.objects.get(slug="flower").pk, "reason": "Partner", **values}


def shown(client: Client, path: str, **filters: str) -> str:
    response = client.get(path, filters)
    assert response.status_code == 200
    return response.content.decode()


def found(client: Client, **filters: str) -> set[str]:
    page = shown(client, reverse("holdings"), **filters)
    return {grant.public_id for grant in Grant.objects.all() if f"/holdings/{grant.public_id}/" in page}


def test_filters_narrow(admin: Client, chat: Application) -> None:
    rule = Grant.objects.get().public_id
    theirs = person("Eve").personal_workspace
    flower = give(chat, application_id=chat.pk).public_id
    model = give(chat, model=AIModel.objects.filter(gated=True)[0], permissions=["generate", "download"])
    values = {"tier": Tier.objects.get(slug="nectar"), "source": "manual", "source_id": "m", "reason": "Known"}
    nectar = give_grant(workspace=theirs, by=administrator(), **values).public_id
    assert found(admin) == {rule, flower, model.public_id, nectar}
    assert found(admin, tier="seed") == {rule}
    assert found(admin, model=str(model.model)) == {model.public_id}
    assert found(admin, source="rule") == {rule}
    for text in (chat.name, chat.public_id, chat.slug):
        assert found(admin, find=text) == {flower}
    assert found(admin, find=chat.created_by.email) == {rule, flower, model.public_id}
    assert found(admin, find="nobody") == set()
    assert found(admin, state="ended") == set()
    assert found(admin, state="x", source="x") == {rule, flower, model.public_id, nectar}


def test_what_was_suspended_and_revoked_is_found_as_that(admin: Client, chat: Application) -> None:
    grant = give(chat)
    path = reverse("holdings:detail", args=[grant.public_id])
    for act, state in [("suspend", "suspended"), ("resume", "live"), ("revoke", "ended")]:
        assert admin.post(path, {"act": act, "reason": f"Because of {act}"}).status_code == 302
        assert grant.public_id in found(admin, state=state)
        assert f"Because of {act}" in shown(admin, path)
    assert admin.post(path, {"act": "revoke", "reason": "Again"}).status_code == 422
    assert AuditEvent.objects.filter(subject_id=grant.public_id).count() == 4


def test_a_change_without_a_reason_is_refused(admin: Client, chat: Application) -> None:
    grant = give(chat)
    path = reverse("holdings:detail", args=[grant.public_id])
    for values in ({"act": "revoke", "reason": " "}, {"act": "delete", "reason": "x"}, {"reason": "x"}):
        assert admin.post(path, values).status_code == 422
    grant.refresh_from_db()
    assert grant.revoked_at is None


def test_given_by_hand_it_works_at_once_and_once(admin: Client, chat: Application) -> None:
    values = form(chat, workspace=chat.created_by.email, application=chat.slug)
    for _ in range(2):
        assert admin.post(reverse("holdings:new"), values).status_code == 302
    grant = Grant.objects.get(source="manual")
    assert (grant.workspace, grant.application_id, str(grant.tier)) == (chat.workspace, chat.pk, "flower")
    assert AuditEvent.objects.get(action="grant.given", subject_id=grant.public_id).reason == "Partner"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workspace": "nobody@example.com"}, "no such workspace"),
        ({"application": "other"}, "no such application"),
        ({"tier": ""}, "one tier or of one model"),
        ({"reason": ""}, "required"),
        ({"ends_at": "2001-01-01T00:00"}, "passed already"),
        ({"starts_at": "2999-01-02T00:00", "ends_at": "2999-01-01T00:00"}, "after the start"),
        ({"permissions": []}, "required"),
        ({"key": "../../etc"}, "damaged"),
    ],
)
def test_what_makes_no_sense_is_refused(admin: Client, chat: Application, change: dict[str, Any], words: str) -> None:
    response = admin.post(reverse("holdings:new"), form(chat, **change))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Grant.objects.filter(source="manual").exists()


def test_nobody_gives_to_a_workspace_of_their_own(chat: Application) -> None:
    insider, client = administrator(), Client()
    join(chat.workspace, insider, MembershipRole.MEMBER)
    client.force_login(insider)
    response = client.post(reverse("holdings:new"), form(chat))
    assert response.status_code == 422
    assert "You belong to this workspace" in response.content.decode()


def test_nobody_gives_back_to_a_workspace_of_their_own(admin: Client, chat: Application) -> None:
    admin.post(reverse("holdings:new"), form(chat))
    grant = Grant.objects.get(source="manual")
    page = reverse("holdings:detail", args=[grant.public_id])
    admin.post(page, {"act": "suspend", "reason": "Disputed"})
    insider, client = administrator(), Client()
    join(chat.workspace, insider, MembershipRole.MEMBER)
    client.force_login(insider)
    response = client.post(page, {"act": "resume", "reason": "It is mine"})
    assert response.status_code == 403
    assert "You belong to this workspace" in response.content.decode()
    grant.refresh_from_db()
    assert grant.suspended_at is not None


def test_the_page_of_a_grant_says_why_and_what_would_be_left(admin: Client, chat: Application) -> None:
    page = shown(admin, reverse("holdings:detail", args=[give(chat, application_id=chat.pk).public_id]))
    assert "Known to us" in page
    assert page.index('data-tier="flower"') < page.index("If this one ended") < page.rindex('data-tier="seed"')


def test_an_approved_request_is_told_from_its_purpose_to_its_decision(admin: Client, chat: Application) -> None:
    applicant, reviewer = chat.created_by, maintainer()
    values = {"purpose": "A reading aid for <pupils>", "expected_volume": 500, "users": "200 pupils"}
    draft = save_draft(application=chat, tier=Tier.objects.get(slug="flower"), by=applicant, **values)
    sent = submit_request(access_request=draft, by=applicant)
    approve_request(access_request=sent, version=sent.version, note="Go on", by=reviewer)
    page = shown(admin, reverse("holdings:detail", args=[Grant.objects.get(source="request").public_id]))
    for words in ("A reading aid for &lt;pupils&gt;", applicant.display_name, reviewer.display_name, sent.public_id):
        assert words in page


def test_auditors_read_and_change_nothing(client: Client, chat: Application) -> None:
    grant = give(chat)
    client.force_login(auditor())
    path = reverse("holdings:detail", args=[grant.public_id])
    assert "Known to us" in shown(client, path)
    assert 'name="act"' not in shown(client, path)
    assert "/holdings/new/" not in shown(client, reverse("holdings"))
    assert client.get(reverse("holdings:new")).status_code == 403
    assert client.post(reverse("holdings:new"), form(chat)).status_code == 403
    assert client.post(path, {"act": "revoke", "reason": "x"}).status_code == 403
    assert Grant.objects.filter(revoked_at__isnull=False).count() == 0


@pytest.mark.parametrize("role", [person, maintainer])
def test_others_do_not_see_it(client: Client, chat: Application, role) -> None:  # type: ignore[no-untyped-def]
    user: User = role()
    client.force_login(user)
    for path in (reverse("holdings"), reverse("holdings:detail", args=[Grant.objects.get().public_id])):
        assert client.get(path).status_code == 403


def test_the_number_of_queries_does_not_depend_on_the_rows(
    admin: Client, chat: Application, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    detail = reverse("holdings:detail", args=[give(chat, application_id=chat.pk).public_id])
    shown(admin, detail)
    for _ in range(2):
        with django_assert_num_queries(LIST_QUERIES):
            shown(admin, reverse("holdings"))
        with django_assert_num_queries(DETAIL_QUERIES):
            shown(admin, detail)
        for _more in range(4):
            give(chat, application_id=chat.pk)
