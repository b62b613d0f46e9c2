"""Limits that staff set for others: who may, what they may be, and what is left when they are taken away."""

import pytest

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import AuditEvent, User
from tests import factories
from tiers.facts import NO_LIMITS, LimitFacts
from tokens.actions.limits import lift_limits, set_limits
from tokens.models import Application, LimitOverride
from tokens.policies import limits as policies

pytestmark = pytest.mark.django_db
A_DAY = LimitFacts(per_day=10)


@pytest.fixture
def application() -> Application:
    factories.catalogue()
    return factories.application(factories.person("Noor"))


def give(application: Application, limits: LimitFacts = A_DAY, by: User | None = None) -> LimitOverride:
    by = by or factories.administrator()
    return set_limits(workspace=application.workspace, application=application, limits=limits, reason="A fair", by=by)


def test_it_is_told_of_the_application_with_its_reason_and_raises_the_rights_version(application: Application) -> None:
    before = type(application.workspace).objects.get(pk=application.workspace_id).rights_version
    override = give(application, LimitFacts(per_day=10, concurrent=2))
    assert override.limit_facts == LimitFacts(per_day=10, concurrent=2)
    event = AuditEvent.objects.get(action="limits.set")
    assert (event.subject_id, event.workspace, event.reason) == (application.public_id, application.workspace, "A fair")
    assert event.after["requests_per_day"] == 10
    assert type(application.workspace).objects.get(pk=application.workspace_id).rights_version == before + 1


def test_setting_again_replaces_all_four(application: Application) -> None:
    give(application, LimitFacts(per_minute=5, per_day=10))
    give(application, LimitFacts(per_month=100))
    assert LimitOverride.objects.get().limit_facts == LimitFacts(per_month=100)
    with pytest.raises(Invalid, match="Nothing has changed"):
        give(application, LimitFacts(per_month=100))


def test_the_whole_workspace_and_each_application_have_their_own(application: Application) -> None:
    admin, workspace = factories.administrator(), application.workspace
    give(application)
    set_limits(workspace=workspace, limits=LimitFacts(per_day=99), reason="All of it", by=admin)
    assert LimitOverride.objects.count() == 2
    lift_limits(workspace=workspace, reason="No more", by=admin)
    assert LimitOverride.objects.get().application == application
    event = AuditEvent.objects.get(action="limits.lifted")
    assert (event.subject_id, event.before["requests_per_day"], event.after["requests_per_day"]) == (
        workspace.public_id,
        99,
        None,
    )


def test_what_is_not_there_cannot_be_taken_away(application: Application) -> None:
    with pytest.raises(Conflict):
        lift_limits(workspace=application.workspace, reason="x", by=factories.administrator())


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        (LimitFacts(per_minute=0), "requests_per_minute"),
        (LimitFacts(per_day=10**12 + 1), "requests_per_day"),
        (LimitFacts(concurrent=-1), "concurrent_calls"),
        (LimitFacts(per_day=10, per_month=9), "requests_per_month"),
        (NO_LIMITS, None),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(
    application: Application, limits: LimitFacts, field: str | None
) -> None:
    with pytest.raises(Invalid) as refusal:
        give(application, limits)
    assert refusal.value.field == field
    assert not LimitOverride.objects.exists()


@pytest.mark.parametrize("role", ["person", "maintainer", "auditor", "administrator"])
def test_only_who_changes_holdings_sets_limits(application: Application, role: str) -> None:
    user = getattr(factories, role)()
    allowed = role == "administrator"
    assert policies.can_set(user, application.workspace) == allowed
    if allowed:
        give(application, by=user)
        return
    for act in (lambda: give(application, by=user), lambda: _lift(application, user)):
        with pytest.raises(NotAllowed):
            act()


def _lift(application: Application, by: User) -> None:
    lift_limits(workspace=application.workspace, application=application, reason="x", by=by)


def test_nobody_sets_limits_for_a_workspace_of_their_own(application: Application) -> None:
    insider = factories.administrator()
    factories.join(application.workspace, insider)
    assert "You belong to this workspace" in str(policies.why_not_set(insider, application.workspace))
    with pytest.raises(NotAllowed):
        give(application, by=insider)
