"""One version of a rule carried out on one access request: approved, or brought to a group or a person."""

from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.audit import Task
from accounts.errors import Conflict
from accounts.models import User
from tiers.facts import NO_LIMITS
from tiers.limit_rules import as_facts
from tiers.models import Tier
from tokens.actions import reviews
from tokens.actions.handling import assign_request
from tokens.models import AccessRequest, ReviewGroup, RuleEffect, RuleUse, RuleVersion
from tokens.policies.requests import why_not_review
from tokens.review_terms import terms_of

BY_A_RULE: Final = Task("tokens.rules")


@transaction.atomic
def use_rule(*, access_request: AccessRequest, version: RuleVersion) -> RuleUse:
    """Whoever calls has locked the workspace and found that it fits. The database keeps that a version is carried out
    once on a request as it is."""
    carry_out = _approve if version.rule.effect == RuleEffect.APPROVE else _route
    did = carry_out(access_request, version)
    use = RuleUse.objects.create(
        rule_version=version, access_request=access_request, request_version=access_request.version, did=did
    )
    audit.record(
        "rule.used",
        version.rule,
        by=BY_A_RULE,
        workspace=access_request.workspace,
        after={"rule_version": version.number, "access_request": access_request.public_id, **did},
    )
    return use


def _approve(access_request: AccessRequest, version: RuleVersion) -> dict[str, Any]:
    actions = version.actions
    tier, days = tier_given(access_request, actions["tier"]), actions["days"]
    until = clock.now() + timedelta(days=days) if days is not None else None
    reviews.approve_request(
        access_request=access_request,
        version=access_request.version,
        tier=tier,
        until=until,
        limits=as_facts(actions["limits"]) if tier else NO_LIMITS,
        by=BY_A_RULE,
        rule=version,
    )
    return {"approved": tier.slug if tier else True, "until": until.isoformat() if until else None}


def tier_given(access_request: AccessRequest, most: str) -> Tier | None:
    """What was asked for, or the highest that the rule gives where that is lower."""
    asked = access_request.tier
    if asked is None or not most:
        return asked
    highest = Tier.objects.filter(slug=most).first()
    if highest is None:
        raise Conflict(_("The tier %(tier)s, which this rule gives, is gone.") % {"tier": most})
    return min(asked, highest, key=lambda tier: tier.rank)


def _route(access_request: AccessRequest, version: RuleVersion) -> dict[str, Any]:
    """To a group and a person, what is not said staying as it is; then before the second group, once. A group of the
    rule's own goes before that of the terms."""
    actions = version.actions
    group = ReviewGroup.objects.filter(public_id=actions["group"]).first()
    person = _reviewer(actions["person"], access_request)
    if group or person:
        access_request = assign_request(
            access_request=access_request,
            to=person or access_request.assigned_to,
            group=group or access_request.group,
            by=BY_A_RULE,
        )
    escalated = bool(actions["escalate"]) and _escalate(access_request, group)
    return {
        "group": group.public_id if group else None,
        "assigned_to": person.public_id if person else None,
        "escalated": escalated,
    }


def _reviewer(public_id: str, access_request: AccessRequest) -> User | None:
    """Nobody who left since, or who belongs to the workspace that asks."""
    person = User.objects.filter(public_id=public_id).first() if public_id else None
    return None if person is None or why_not_review(person, access_request) else person


def _escalate(access_request: AccessRequest, group: ReviewGroup | None) -> bool:
    """As where nobody answered in time: it gets no new version, and the event is what the group's mails follow."""
    brought = group or terms_of(access_request.tier).escalation_group or access_request.group
    changed = AccessRequest.objects.filter(pk=access_request.pk, escalated_at=None).update(
        escalated_at=Now(), group=brought, updated_at=Now()
    )
    if changed:
        audit.record(
            "request.escalated",
            access_request,
            by=BY_A_RULE,
            workspace=access_request.workspace,
            before={"group": access_request.group.name if access_request.group else None},
            after={"group": brought.name if brought else None},
        )
    return bool(changed)
