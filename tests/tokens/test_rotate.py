"""Rotation: a new secret for the same token, the old one for a stated while more, one rotation at a time."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.db.models import F

from accounts.clock import now
from accounts.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from accounts.models import AuditEvent
from tests.factories import administrator, application, catalogue, person, token
from tokens.actions.applications import suspend_application
from tokens.actions.tokens import Minted, revoke_token, rotate_token
from tokens.models import Token, TokenSecret
from tokens.policies.tokens import OVERLAPS

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    catalogue()


def rotate(minted: Minted, overlap: timedelta = HOUR) -> Minted:
    return rotate_token(token=minted.token, overlap=overlap, by=minted.token.created_by)


def ends_of_old(minted: Minted) -> object:
    return TokenSecret.objects.get(token=minted.token, last4=minted.text[-4:]).ends_at


def test_id_name_restrictions_and_end_stay() -> None:
    minted = token(expires_at=now() + timedelta(days=90))
    before = Token.objects.values().get()
    again = rotate(minted)
    assert again.text != minted.text
    assert Token.objects.values().get() == before


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_the_old_secret_ends_after_the_overlap_by_the_databases_clock(overlap: timedelta) -> None:
    minted = token()
    earliest = now()
    rotate(minted, overlap)
    end = ends_of_old(minted)
    assert earliest + overlap <= end <= now() + overlap


def test_the_old_secret_never_outlives_the_token() -> None:
    end = now() + HOUR
    minted = token(expires_at=end)
    rotate(minted, timedelta(days=7))
    assert ends_of_old(minted) == end


def test_other_overlaps_are_not_taken() -> None:
    with pytest.raises(Invalid):
        rotate(token(), timedelta(days=30))


def test_a_second_rotation_waits_for_the_first_and_says_until_when() -> None:
    minted = token()
    rotate(minted)
    with pytest.raises(Conflict, match="works until") as refusal:
        rotate(minted)
    assert refusal.value.details["at"] == ends_of_old(minted)


def test_with_no_overlap_it_can_be_rotated_again_at_once() -> None:
    minted = token()
    rotate(minted, timedelta(0))
    rotate(minted, timedelta(0))
    assert TokenSecret.objects.filter(token=minted.token, ends_at=None).count() == 1


def test_an_ended_token_is_not_brought_back() -> None:
    minted = token(expires_at=now() + HOUR)
    Token.objects.update(created_at=F("created_at") - 2 * HOUR, expires_at=F("expires_at") - 2 * HOUR)
    minted.token.refresh_from_db()
    with pytest.raises(Conflict, match="ended"):
        rotate(minted)


def test_a_token_of_a_suspended_application_is_not_rotated() -> None:
    of = application()
    minted = token(of)
    suspend_application(application=of, reason="Spam", by=administrator())
    with pytest.raises(NotAllowed, match="Spam"):
        rotate(minted)


def test_a_stranger_rotates_and_revokes_nothing() -> None:
    minted, eve = token(), person("Eve")
    with pytest.raises(NotFound):
        rotate_token(token=minted.token, overlap=HOUR, by=eve)
    with pytest.raises(NotFound):
        revoke_token(token=minted.token, reason="Mine now", by=eve)


def test_revocation_is_at_once_with_a_reason_and_for_good() -> None:
    minted = token()
    owner = minted.token.created_by
    with pytest.raises(Invalid):
        revoke_token(token=minted.token, reason="  ", by=owner)
    revoked = revoke_token(token=minted.token, reason="On a laptop that was lost", leaked=True, by=owner)
    assert revoked.revoked_at is not None
    assert revoked.revoked_at <= now()
    assert (revoked.leaked, revoked.revoked_by) == (True, owner)
    assert AuditEvent.objects.get(action="token.revoked").reason == "On a laptop that was lost"
    with pytest.raises(Conflict, match="was revoked on"):
        revoke_token(token=minted.token, reason="Again", by=owner)
    with pytest.raises(Conflict):
        rotate(minted)


def test_rotating_and_revoking_raise_the_rights_version() -> None:
    minted = token()
    workspace = minted.token.workspace
    workspace.refresh_from_db()
    versions = [workspace.rights_version]
    owner = minted.token.created_by
    for act in (lambda: rotate(minted), lambda: revoke_token(token=minted.token, reason="Old", by=owner)):
        act()
        workspace.refresh_from_db()
        versions.append(workspace.rights_version)
    assert versions[0] < versions[1] < versions[2]


@pytest.mark.django_db(transaction=True)
def test_of_two_rotations_at_the_same_instant_one_wins() -> None:
    catalogue()
    minted = token()
    barrier, results = threading.Barrier(2), []

    def act() -> None:
        try:
            barrier.wait()
            results.append(rotate(minted).text)
        except DomainError as error:
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "str"]
    assert TokenSecret.objects.filter(token=minted.token).count() == 2
    assert AuditEvent.objects.filter(action="token.rotated").count() == 1
