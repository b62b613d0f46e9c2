"""What stands around the rows of the queue is the viewer's: read by one statement, and held against plain queries."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from accounts import clock
from accounts.models import PlatformRole, User
from tests import factories
from tokens.actions.handling import snooze_request
from tokens.actions.reviews import approve_request
from tokens.models import AccessRequest, Decision, ReviewGroup
from tokens.models.desk import SavedView
from tokens.selectors.decisions import offer
from tokens.selectors.review import counts
from tokens.selectors.review_tools import tools
from tokens.selectors.reviewers import reviewers
from tokens.selectors.saved_views import views_of

from .conftest import ask


@pytest.fixture
def petra(desk: SimpleNamespace) -> User:
    return factories.person("Petra", PlatformRole.MAINTAINER)


def test_people_groups_and_views_are_those_of_plain_queries(desk: SimpleNamespace, petra: User) -> None:
    nameless = factories.person("", PlatformRole.ADMINISTRATOR)
    gone = factories.person("Gone", PlatformRole.MAINTAINER)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    group = ReviewGroup.objects.create(name="Gardeners")
    for owner, name, shared in ((petra, "Hers", False), (petra, "Everybody’s", True), (desk.maintainer, "Mine", False)):
        SavedView.objects.create(owner=owner, name=name, query=f"tab=waiting&find={name}", shared=shared)
    found = tools(desk.maintainer, clock.now())
    others = reviewers().exclude(pk=desk.maintainer.pk).order_by("name", "id")
    assert found.people == tuple((person.public_id, person.display_name) for person in others)
    assert nameless.email.partition("@")[0] in dict(found.people).values()
    assert found.groups == ((group.public_id, "Gardeners"),)
    kept = [(view.name, view.query, view.shared) for view in views_of(desk.maintainer)]
    assert [(view.name, view.query, bool(view.shared)) for view in found.views] == kept
    assert [name for name, _query, _shared in kept] == ["Everybody’s", "Mine"]


def test_only_a_decision_of_ones_own_can_be_taken_back_and_not_for_long(desk: SimpleNamespace, petra: User) -> None:
    first, second = ask("First"), ask("Second")
    assert tools(desk.maintainer, clock.now()).decision is None
    approve_request(access_request=first, version=first.version, by=desk.maintainer)
    approve_request(access_request=second, version=second.version, by=petra)
    now, mine = clock.now(), Decision.objects.get(access_request=first)
    offered = offer(desk.maintainer, now)
    assert offered is not None
    assert tools(desk.maintainer, now).decision == mine.pk == offered.decision.pk
    assert tools(desk.maintainer, now + timedelta(minutes=1)).decision is None


def test_the_side_and_the_tab_count_alike_what_can_be_decided_now(desk: SimpleNamespace) -> None:
    """Wherever one is: at the queue, at one request of it, or on another page. What is snoozed waits for its hour."""
    waits, asleep, ended = ask("Waits"), ask("Asleep"), ask("Snoozed until now")
    snooze_request(access_request=asleep, version=asleep.version, until=None, by=desk.maintainer)
    AccessRequest.objects.filter(pk=ended.pk).update(
        snoozed_at=clock.now() - timedelta(hours=2),
        snoozed_until=clock.now() - timedelta(hours=1),
        snoozed_by=desk.maintainer,
    )
    now = clock.now()
    found = counts(now)
    assert (found["pending"], found["snoozed"], found["waiting"]) == ("2", "1", "")
    assert tools(desk.maintainer, now).counts == found
    for address in ("/review/", "/review/?tab=snoozed", f"/review/{waits.public_id}/", "/figures/", "/profile/"):
        side = desk.client.get(address).content.decode().split("<main", 1)[0]
        assert '<span class="count">2</span>' in side, address
