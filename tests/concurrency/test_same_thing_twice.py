"""A button pressed twice, a link opened in two windows, two people with one thought: it happens once."""

from datetime import timedelta

import pytest

from accounts.actions.invitations import accept_invitation, invite_member, revoke_invitation
from accounts.actions.workspaces import create_workspace
from accounts.audit_chain import verify
from accounts.errors import Conflict
from accounts.ids import new_public_id
from accounts.invitations import secret_for
from accounts.models import AuditEvent, Invitation, Membership
from tests import factories
from tests.concurrency import at_once, refused
from tests.tokens.review.conftest import ask
from tiers.actions.grants import ensure_self_service_grant, give_grant, resume_grant, revoke_grant, suspend_grant
from tiers.models import Grant, GrantSource, Tier
from tokens.actions.applications import create_application
from tokens.actions.gateways import add_gateway, revoke_gateway, rotate_gateway_key
from tokens.actions.handling import claim_request
from tokens.actions.requests import save_draft, submit_request
from tokens.models import AccessRequest, Application, GatewaySecret, Token, TokenSecret

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_catalogue")]
TIMES = 4


@pytest.fixture
def _catalogue(transactional_db: None) -> None:
    factories.catalogue()


def done(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def test_one_form_mints_one_token() -> None:
    application, once = factories.application(), new_public_id()
    results = at_once(*[lambda: factories.token(application, once=once)] * TIMES)
    errors = refused(results)
    assert len(errors) == TIMES - 1
    assert all("was sent before" in str(error.message) for error in errors)
    assert (Token.objects.count(), TokenSecret.objects.count(), done("token.minted")) == (1, 1, 1)


def test_one_invitation_is_accepted_once() -> None:
    owner, guest = factories.person("Olga"), factories.person("Gus")
    workspace = create_workspace(name="Garden", by=owner)
    invitation = invite_member(workspace=workspace, email=guest.email, role="member", by=owner)
    secret = secret_for(invitation.public_id)
    results = at_once(*[lambda: accept_invitation(invitation=invitation, secret=secret, by=guest)] * TIMES)
    assert len(refused(results)) == TIMES - 1
    assert Membership.objects.filter(workspace=workspace, user=guest).count() == 1
    assert done("invitation.accepted") == 1


@pytest.mark.parametrize("attempt", range(TIMES))
def test_an_invitation_is_either_accepted_or_revoked(attempt: int) -> None:
    owner, guest = factories.person("Olga"), factories.person("Gus")
    workspace = create_workspace(name="Garden", by=owner)
    invitation = invite_member(workspace=workspace, email=guest.email, role="member", by=owner)
    secret = secret_for(invitation.public_id)
    doings = [
        lambda: accept_invitation(invitation=invitation, secret=secret, by=guest),
        lambda: revoke_invitation(invitation=invitation, by=owner),
    ]
    assert len(refused(at_once(*(doings[::-1] if attempt % 2 else doings)))) == 1
    invitation.refresh_from_db()
    assert (invitation.accepted_at is None) != (invitation.revoked_at is None)
    assert Membership.objects.filter(workspace=workspace, user=guest).exists() == (invitation.accepted_at is not None)


def test_one_address_is_invited_once() -> None:
    owner = factories.person("Olga")
    workspace = create_workspace(name="Garden", by=owner)
    invite = {"workspace": workspace, "email": "gus@example.com", "role": "member", "by": owner}
    results = at_once(*[lambda: invite_member(**invite)] * TIMES)
    assert len(refused(results)) == TIMES - 1
    assert (Invitation.objects.count(), done("invitation.sent")) == (1, 1)


def test_applications_of_one_name_get_slugs_of_their_own() -> None:
    owner = factories.person()
    workspace = owner.personal_workspace
    results = at_once(*[lambda: create_application(workspace=workspace, name="Chat", by=owner)] * TIMES)
    assert refused(results) == []
    assert len(set(Application.objects.values_list("slug", flat=True))) == TIMES
    assert Grant.objects.filter(workspace=workspace).count() == 1


def test_one_rule_gives_one_grant() -> None:
    owner = factories.person()
    workspace = owner.personal_workspace
    at_once(*[lambda: ensure_self_service_grant(workspace=workspace, by=owner)] * TIMES)
    assert (Grant.objects.count(), done("grant.given")) == (1, 1)


def test_one_form_of_staff_gives_one_grant() -> None:
    workspace, staff = factories.person().personal_workspace, factories.administrator()
    flower = Tier.objects.get(slug="flower")
    given = {"workspace": workspace, "tier": flower, "source": GrantSource.MANUAL, "source_id": new_public_id()}
    results = at_once(*[lambda: give_grant(**given, reason="A partner", by=staff)] * TIMES)
    assert refused(results) == []
    assert {grant.pk for grant in results} == {Grant.objects.get().pk}
    assert done("grant.given") == 1


def test_a_grant_ends_once_whatever_else_is_done_to_it() -> None:
    workspace, staff = factories.person().personal_workspace, factories.administrator()
    flower = Tier.objects.get(slug="flower")
    given = {"workspace": workspace, "tier": flower, "source": GrantSource.MANUAL, "source_id": "k1"}
    grant = give_grant(**given, reason="A partner", by=staff)
    acts = [revoke_grant, suspend_grant, revoke_grant, resume_grant]
    at_once(*[lambda act=act: act(grant=grant, reason="It ended", by=staff) for act in acts])
    grant.refresh_from_db()
    assert grant.revoked_at is not None
    assert done("grant.revoked") == 1
    assert list(verify()) == []


def test_one_draft_is_sent_once() -> None:
    application = factories.application()
    filled = {"purpose": "A reading aid for pupils", "expected_volume": 500, "users": "200 pupils"}
    flower, by = Tier.objects.get(slug="flower"), application.created_by
    draft = save_draft(application=application, tier=flower, by=by, **filled)
    results = at_once(*[lambda: submit_request(access_request=draft, by=by)] * TIMES)
    assert all(isinstance(error, Conflict) for error in refused(results))
    assert (AccessRequest.objects.get().state, done("request.submitted")) == ("submitted", 1)


def test_of_two_who_claim_one_request_one_has_it() -> None:
    asked, people = ask(), [factories.maintainer(), factories.maintainer()]
    results = at_once(*[lambda by=by: claim_request(access_request=asked, by=by) for by in people])
    [error] = refused(results)
    asked.refresh_from_db()
    assert asked.claimed_by in people
    assert asked.claimed_by.display_name in str(error.message)


def test_a_gateways_key_is_rotated_or_revoked_and_never_left_half() -> None:
    staff = factories.administrator()
    gateway = add_gateway(name="edge", kind="nginx", by=staff).gateway
    doings = [lambda: rotate_gateway_key(gateway=gateway, overlap=timedelta(hours=1), by=staff)] * 2
    at_once(*doings, lambda: revoke_gateway(gateway=gateway, reason="Gone", by=staff))
    gateway.refresh_from_db()
    assert gateway.revoked_at is not None
    assert GatewaySecret.objects.filter(gateway=gateway).count() <= 2
    assert done("gateway.revoked") == 1
    assert list(verify()) == []
