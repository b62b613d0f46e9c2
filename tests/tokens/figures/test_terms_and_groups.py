"""How the desk works is set by administrators, audited, and moves nothing that waits already."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import AuditEvent
from tests import factories
from tests.tokens.review.conftest import ask
from tiers.models import Tier
from tokens.actions.review_groups import edit_group, make_group, remove_group
from tokens.actions.review_terms import set_terms
from tokens.models import AccessRequest, ReviewGroup, ReviewTerms
from tokens.review_terms import Terms, terms_of

PLAIN: dict[str, Any] = {
    "target_hours": 48,
    "escalate_hours": None,
    "approvals": 1,
    "group": None,
    "escalation_group": None,
}
SENT = {"kind": "tier:flower", "tier-flower-target_hours": "24", "tier-flower-approvals": "2"}


def test_terms_hold_for_their_kind_alone(desk: SimpleNamespace) -> None:
    group = make_group(name="Night watch", members=[desk.mika], by=desk.ada)
    given = {**PLAIN, "target_hours": 24, "escalate_hours": 36, "approvals": 2, "escalation_group": group}
    set_terms(tier=desk.flower, by=desk.ada, **given)
    assert terms_of(desk.flower) == Terms(timedelta(hours=24), timedelta(hours=36), 2, None, group)
    assert terms_of(desk.nectar) == Terms() == terms_of(None)
    set_terms(tier=None, by=desk.ada, **{**PLAIN, "target_hours": 12})
    assert terms_of(None).target == timedelta(hours=12)
    event = AuditEvent.objects.filter(action="review_terms.set").earliest("pk")
    assert event.subject_id == "tier:flower"
    assert event.before == {"target_hours": 48, "escalate_hours": None, "approvals": 1, "escalation_group": None}
    assert event.after == {
        "target_hours": 24,
        "escalate_hours": 36,
        "approvals": 2,
        "escalation_group": "Night watch",
    }


def test_what_waits_keeps_its_time(desk: SimpleNamespace) -> None:
    before = ask()
    set_terms(tier=desk.flower, by=desk.ada, **{**PLAIN, "target_hours": 4})
    assert AccessRequest.objects.get(pk=before.pk).due_at == before.due_at
    after = ask()
    assert after.submitted_at is not None
    assert after.due_at is not None
    assert after.due_at - after.submitted_at <= timedelta(hours=4)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"target_hours": 0}, "target_hours"),
        ({"target_hours": 2401}, "target_hours"),
        ({"approvals": 3}, "approvals"),
        ({"escalate_hours": 47}, "escalate_hours"),
        ({"escalate_hours": 48}, "escalation_group"),
        ({}, None),
    ],
)
def test_terms_that_make_no_sense_are_refused(desk: SimpleNamespace, wrong: dict[str, Any], field: str | None) -> None:
    with pytest.raises(Invalid) as refused:
        set_terms(tier=desk.flower, by=desk.ada, **{**PLAIN, **wrong})
    assert refused.value.field == field
    assert not ReviewTerms.objects.exists()


def test_maintainers_change_neither_terms_nor_groups(desk: SimpleNamespace) -> None:
    group = make_group(name="Night watch", members=[], by=desk.ada)
    with pytest.raises(NotAllowed):
        set_terms(tier=desk.flower, by=desk.mika, **{**PLAIN, "target_hours": 4})
    with pytest.raises(NotAllowed):
        make_group(name="Others", members=[], by=desk.mika)
    with pytest.raises(NotAllowed):
        edit_group(group=group, name="Others", members=[], by=desk.mika)
    with pytest.raises(NotAllowed):
        remove_group(group=group, by=desk.mika)


def test_a_group_has_members_who_may_decide(desk: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        make_group(name="Night watch", members=[desk.mika, factories.auditor()], by=desk.ada)
    group = make_group(name="Night watch", members=[desk.mika], by=desk.ada)
    edit_group(group=group, name="Early birds", members=[desk.ada, desk.mika], by=desk.ada)
    [edited] = AuditEvent.objects.filter(action="review_group.edited")
    assert edited.before == {"name": "Night watch", "members": [desk.mika.public_id]}
    assert edited.after == {"name": "Early birds", "members": sorted([desk.ada.public_id, desk.mika.public_id])}
    with pytest.raises(Invalid, match="Another group"):
        make_group(name="EARLY birds", members=[], by=desk.ada)


def test_a_group_that_is_named_stays(desk: SimpleNamespace) -> None:
    group, other = (make_group(name=name, members=[], by=desk.ada) for name in ("First", "Second"))
    given = {**PLAIN, "group": group, "escalate_hours": 50, "escalation_group": other}
    set_terms(tier=desk.flower, by=desk.ada, **given)
    for named in (group, other):
        with pytest.raises(Conflict):
            remove_group(group=named, by=desk.ada)
    sent = ask()
    assert sent.group == group
    set_terms(tier=desk.flower, by=desk.ada, **PLAIN)
    with pytest.raises(Conflict):
        remove_group(group=group, by=desk.ada)
    remove_group(group=other, by=desk.ada)
    assert list(ReviewGroup.objects.all()) == [group]
    assert AuditEvent.objects.filter(action="review_group.removed", subject_id=other.public_id).count() == 1


def test_the_form_of_a_kind_is_saved_and_others_are_left(desk: SimpleNamespace) -> None:
    answer = desk.admin.post("/review/terms/", SENT)
    assert answer.status_code == 302
    assert (terms_of(desk.flower).target, terms_of(desk.flower).approvals) == (timedelta(hours=24), 2)
    assert not ReviewTerms.objects.exclude(tier=desk.flower).exists()
    page = desk.admin.get("/review/terms/").content.decode()
    assert page.count("as shipped") == 2
    assert "answered within, hours" in page


def test_a_form_that_is_wrong_keeps_what_was_typed(desk: SimpleNamespace) -> None:
    answer = desk.admin.post("/review/terms/", {**SENT, "tier-flower-escalate_hours": "3"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="3"' in page
    assert "Not before the time" in page


def test_groups_are_made_and_removed_by_form(desk: SimpleNamespace) -> None:
    desk.admin.post("/review/groups/", {"name": "سهر <b>", "members": [desk.mika.public_id]})
    group = ReviewGroup.objects.get()
    assert list(group.members.all()) == [desk.mika]
    page = desk.admin.get("/review/groups/").content.decode()
    assert "<bdi>سهر &lt;b&gt;</bdi>" in page
    assert desk.mika.email not in page
    assert desk.admin.post("/review/groups/", {"name": ""}).status_code == 422
    desk.admin.post(f"/review/groups/{group.public_id}/remove/")
    assert not ReviewGroup.objects.exists()


@pytest.mark.parametrize("path", ["/review/terms/", "/review/groups/"])
def test_a_page_of_many_costs_no_more_queries(
    desk: SimpleNamespace, django_assert_max_num_queries: DjangoAssertNumQueries, path: str
) -> None:
    make_group(name="The first", members=[desk.mika], by=desk.ada)
    with django_assert_max_num_queries(16) as few:
        desk.admin.get(path)
    for n in range(12):
        make_group(name=f"Group {n}", members=[desk.mika, desk.ada], by=desk.ada)
        Tier.objects.create(slug=f"tier-{n}", name=f"Tier {n}", rank=50 + n, requests_per_minute=10)
    with django_assert_max_num_queries(len(few)):
        desk.admin.get(path)
