"""A small ladder, an application, and people of every kind towards it."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress

from accounts.models import Membership, MembershipRole, PlatformRole, User, Workspace
from tiers.models import AIModel, Tier
from tokens.actions.handling import claim_request
from tokens.actions.requests import save_draft, submit_request, withdraw_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.models import AccessRequest, Application

COMPLETE = {"purpose": "A reading aid for pupils of our school", "expected_volume": 500, "users": "200 pupils"}
STATES = ("draft", "submitted", "in_review", "changes_requested", "approved", "rejected", "withdrawn")


def person(name: str, role: str = PlatformRole.DEVELOPER) -> User:
    user = User.objects.create_user(f"{name}@example.com", None, name=name.title(), role=role)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    workspace = Workspace.objects.create(name=name.title(), personal_of=user)
    Membership.objects.create(workspace=workspace, user=user, role=MembershipRole.OWNER)
    return user


def join(workspace: Workspace, user: User, role: str = MembershipRole.MEMBER) -> User:
    Membership.objects.create(workspace=workspace, user=user, role=role)
    return user


@pytest.fixture
def ladder(db: None) -> SimpleNamespace:
    return make_ladder()


def make_ladder() -> SimpleNamespace:
    rungs = [("anonymous", False), ("seed", True), ("flower", False), ("nectar", False)]
    tiers = {
        slug: Tier.objects.create(
            slug=slug, name=slug.title(), rank=rank, requests_per_minute=10 * (rank + 1), self_service=open_to_all
        )
        for rank, (slug, open_to_all) in enumerate(rungs)
    }
    gated = AIModel.objects.create(name="grand-video", family="grand", gated=True)
    plain = AIModel.objects.create(name="petal-chat", family="petal", tier=tiers["flower"])
    return SimpleNamespace(**tiers, gated=gated, plain=plain)


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    return make_people()


def make_people() -> SimpleNamespace:
    """The applicant is a member of the workspace `school`, whose owner is somebody else."""
    owner = person("owner")
    school = Workspace.objects.create(name="School")
    join(school, owner, MembershipRole.OWNER)
    return SimpleNamespace(
        school=school,
        owner=owner,
        applicant=join(school, person("applicant")),
        member=join(school, person("member")),
        outsider=person("outsider"),
        maintainer=person("maintainer", PlatformRole.MAINTAINER),
        second=person("second", PlatformRole.MAINTAINER),
        insider=join(school, person("insider", PlatformRole.MAINTAINER)),
        auditor=person("auditor", PlatformRole.AUDITOR),
        administrator=person("administrator", PlatformRole.ADMINISTRATOR),
    )


@pytest.fixture
def application(people: SimpleNamespace) -> Application:
    return Application.objects.create(
        workspace=people.school, name="Reader", slug="reader", created_by=people.applicant
    )


@pytest.fixture
def submitted(application: Application, people: SimpleNamespace, ladder: SimpleNamespace) -> AccessRequest:
    """An access request for flower that awaits review."""
    draft = save_draft(application=application, tier=ladder.flower, by=people.applicant, **COMPLETE)
    return submit_request(access_request=draft, by=people.applicant)


@pytest.fixture
def in_state(
    application: Application, people: SimpleNamespace, ladder: SimpleNamespace
) -> Callable[[str], AccessRequest]:
    return lambda state: bring_into(state, application, people, ladder)


def bring_into(state: str, application: Application, people: SimpleNamespace, ladder: SimpleNamespace) -> AccessRequest:
    """Bring a request into a state, the way people do."""
    draft = save_draft(application=application, tier=ladder.flower, by=people.applicant, **COMPLETE)
    if state == "draft":
        return draft
    sent = submit_request(access_request=draft, by=people.applicant)
    seen = {"access_request": sent, "version": sent.version, "by": people.second}
    match state:
        case "in_review":
            return claim_request(access_request=sent, by=people.second)
        case "changes_requested":
            return ask_for_changes(**seen, text="Who runs the server?")
        case "approved":
            return approve_request(**seen)
        case "rejected":
            return reject_request(**seen, reason="Not for now")
        case "withdrawn":
            return withdraw_request(access_request=sent, by=people.applicant)
    return sent
