"""Invitations: to a confirmed, matching address; single use; seven days; twenty a day; nothing typed in the mail."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from accounts.actions.invitations import accept_invitation, invite_member, revoke_invitation
from accounts.actions.workspaces import create_workspace
from accounts.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from accounts.invitations import secret_for
from accounts.models import AuditEvent, Invitation, Membership, MembershipRole
from accounts.tasks import mail_invitation, mail_waiting_invitations
from tests.accounts.people import joined, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return person("owner@example.com", name="Olga <b>Owner</b>")


@pytest.fixture
def workspace(owner):
    return create_workspace(name="Buy cheap pills at evil.example", by=owner)


@pytest.fixture
def invitation(workspace, owner):
    return invite_member(workspace=workspace, email="New@Example.com", role="member", by=owner)


def aged(invitation: Invitation, age: timedelta) -> Invitation:
    """The same invitation, made that long ago."""
    Invitation.objects.filter(pk=invitation.pk).update(
        created_at=invitation.created_at - age, expires_at=invitation.expires_at - age
    )
    invitation.refresh_from_db()
    return invitation


def accept(invitation, by, secret=None):
    return accept_invitation(invitation=invitation, secret=secret or secret_for(invitation.public_id), by=by)


def test_the_invited_address_becomes_a_member(invitation, workspace):
    new = person("new@example.com")
    membership = accept(invitation, new)
    assert (membership.workspace, membership.user, membership.role) == (workspace, new, MembershipRole.MEMBER)
    event = AuditEvent.objects.get(action="invitation.accepted")
    assert (event.workspace, event.actor) == (workspace, new)


def test_it_works_once(invitation):
    new = person("new@example.com")
    accept(invitation, new).delete()
    with pytest.raises(Conflict, match="used already"):
        accept(invitation, new)


def test_another_address_is_refused_although_it_has_the_link(invitation):
    with pytest.raises(NotAllowed, match="another address"):
        accept(invitation, person("other@example.com"))


def test_the_right_address_is_refused_until_it_is_confirmed(invitation):
    new = person("new@example.com", verified=False)
    with pytest.raises(NotAllowed):
        accept(invitation, new)
    assert not Membership.objects.filter(user=new, workspace=invitation.workspace).exists()


def test_a_wrong_secret_is_as_if_there_were_nothing(invitation):
    with pytest.raises(NotFound):
        accept(invitation, person("new@example.com"), secret="x" * 43)


def test_the_database_holds_no_secret(invitation):
    secret = secret_for(invitation.public_id)
    kept = " ".join(str(value) for value in Invitation.objects.values_list()[0])
    assert secret not in kept
    assert len(secret) == 43


@pytest.mark.parametrize(("age", "open_"), [(timedelta(days=7, seconds=-30), True), (timedelta(days=7), False)])
def test_it_ends_after_seven_days(invitation, age, open_):
    aged(invitation, age)
    new = person("new@example.com")
    if open_:
        assert accept(invitation, new)
        return
    with pytest.raises(Conflict, match="expired"):
        accept(invitation, new)


def test_a_revoked_one_is_refused(invitation, owner):
    revoke_invitation(invitation=invitation, by=owner)
    with pytest.raises(Conflict, match="revoked"):
        accept(invitation, person("new@example.com"))
    with pytest.raises(Conflict, match="revoked already"):
        revoke_invitation(invitation=invitation, by=owner)


def test_twenty_a_day_and_revoked_ones_count(workspace, owner):
    made = [invite_member(workspace=workspace, email=f"n{n}@example.com", role="member", by=owner) for n in range(20)]
    revoke_invitation(invitation=made[0], by=owner)
    with pytest.raises(TooMany):
        invite_member(workspace=workspace, email="n20@example.com", role="member", by=owner)
    aged(made[0], timedelta(days=1, seconds=1))
    assert invite_member(workspace=workspace, email="n20@example.com", role="member", by=owner)


def test_one_open_invitation_an_address_but_a_new_one_after_it_ran_out(workspace, owner, invitation):
    with pytest.raises(Invalid, match="open invitation"):
        invite_member(workspace=workspace, email="new@example.com", role="member", by=owner)
    aged(invitation, timedelta(days=8))
    again = invite_member(workspace=workspace, email="new@example.com", role="owner", by=owner)
    assert again.pk != invitation.pk
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


@pytest.mark.parametrize(("email", "role"), [("no address", "member"), ("a@example.com", "king"), ("", "member")])
def test_what_cannot_be_invited(workspace, owner, email, role):
    with pytest.raises(Invalid):
        invite_member(workspace=workspace, email=email, role=role, by=owner)


def test_members_cannot_invite_and_strangers_see_no_workspace(workspace):
    member = joined(workspace).user
    with pytest.raises(NotAllowed):
        invite_member(workspace=workspace, email="x@example.com", role="member", by=member)
    with pytest.raises(NotFound):
        invite_member(workspace=workspace, email="x@example.com", role="member", by=person())
    with pytest.raises(Invalid, match="a member already"):
        invite_member(workspace=workspace, email=member.email, role="member", by=workspace.members.first())


def test_the_mail_has_a_link_and_nothing_that_anybody_typed(invitation, workspace, owner, settings):
    mail_invitation(invitation.pk)
    mail_invitation(invitation.pk)  # A task may run twice; the mail goes once.
    (sent,) = mail.outbox
    assert sent.to == ["new@example.com"]
    text = sent.subject + sent.body
    for typed in ("pills", "evil.example", workspace.name, "Olga", owner.email, "member"):
        assert typed not in text.replace("remember", "")
    links = re.findall(r"\S+://\S+", text)
    assert len(links) == 1
    assert links[0].startswith(settings.SITE_URL)
    assert secret_for(invitation.public_id) in links[0]


def test_what_the_mail_server_refused_is_sent_by_the_sweep(invitation, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(OSError, match="refused"):
        mail_invitation(invitation.pk)
    invitation.refresh_from_db()
    assert invitation.mailed_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    waiting = mail_waiting_invitations.apply().get()
    assert waiting == 1


def test_a_dead_broker_does_not_stop_an_invitation(workspace, owner, django_capture_on_commit_callbacks, monkeypatch):
    from config.celery import app

    monkeypatch.setattr(app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(app, "_pool", None)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        made = invite_member(workspace=workspace, email="late@example.com", role="member", by=owner)
    assert made.mailed_at is None
