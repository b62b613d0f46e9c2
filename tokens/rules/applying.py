"""What rules do: the rules that are on are tried on an access request, in their order, and those that fit are carried
out, in one transaction with the decision and its audit events.

Safe to be run twice, at once, and to be killed anywhere: all is done under the workspace's lock, on what is read then.
A rule that is carried out is locked too, so that whoever switched it off has it off once that is committed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts import clock
from accounts.errors import DomainError
from tiers.claims import claimed
from tokens.actions.rule_uses import use_rule
from tokens.actions.transitions import locked, read
from tokens.models import AccessRequest, Decision, RequestState, Rule, RuleEffect, RuleUse, RuleVersion
from tokens.rules.facts import facts_of, facts_of_many, joined
from tokens.rules.matching import parts_of
from tokens.rules.standing import Standing, standing_rules

log = structlog.get_logger(__name__)
SWEPT_AT_ONCE: Final = 1000
# Those whose signals are this new are looked at in every sweep.
FRESH: Final = timedelta(minutes=10)
_CURSOR: Final = "rules:swept-to"
_CURSOR_KEPT: Final = 24 * 3600  # seconds


@transaction.atomic
def apply(access_request: AccessRequest) -> list[RuleUse]:
    """Carry out the rules that fit: each that routes, up to the first that approves. Nothing for a request that
    somebody has, put off or decided upon, ever; and no rule twice."""
    standing = standing_rules()
    if not standing:
        return []
    access_request = locked(access_request)
    if not waiting().filter(pk=access_request.pk).exists():
        return []
    facts = facts_of(access_request, parts_of(one.version for one in standing))
    spent = set(RuleUse.objects.filter(access_request=access_request).values_list("rule_version__rule", flat=True))
    uses: list[RuleUse] = []
    for one in standing:
        if one.version.rule_id in spent or not one.verdict(facts).matches:
            continue
        use = _carry_out(access_request, one.version)
        if use is not None:
            uses.append(use)
            if one.version.rule.effect == RuleEffect.APPROVE:
                break
            access_request = read(access_request.pk)
    return uses


def _carry_out(access_request: AccessRequest, version: RuleVersion) -> RuleUse | None:
    """None where it was switched off a moment ago, or where what it gives cannot be given: people decide then."""
    if Rule.objects.select_for_update(no_key=True).filter(pk=version.rule_id, active=version).first() is None:
        return None
    try:
        with transaction.atomic():
            return use_rule(access_request=access_request, version=version)
    except DomainError as error:
        log.warning("rule_not_carried_out", rule=str(version), request=access_request.public_id, why=str(error))
        return None


def waiting() -> QuerySet[AccessRequest]:
    """What a rule may decide: sent, its signals gathered, and in nobody's hands, now or earlier."""
    decided = Decision.objects.filter(access_request=OuterRef("pk"))
    return AccessRequest.objects.filter(
        ~Exists(decided),
        state=RequestState.SUBMITTED,
        claimed_by=None,
        snoozed_at=None,
        signals_at__isnull=False,
    )


def sweep() -> int:
    """Apply the rules to those that wait: to what was lost when a worker died, and to what waited when a rule was
    switched on, so many in each run, round and round. How many rules were carried out."""
    with claimed("rules.sweep") as ours:
        standing = standing_rules() if ours else []
        if not standing:
            return 0
        found = {access_request.pk: access_request for access_request in [*_fresh(clock.now()), *_next_ones()]}
        return sum(len(apply(access_request)) for access_request in fitting(list(found.values()), standing))


def fitting(requests: Sequence[AccessRequest], standing: Sequence[Standing]) -> list[AccessRequest]:
    """Those that a rule which did not have them yet would be carried out on."""
    facts = facts_of_many(requests, parts_of(one.version for one in standing))
    spent = set(
        RuleUse.objects.filter(access_request__in=list(facts)).values_list("access_request", "rule_version__rule")
    )
    return [
        access_request
        for access_request in requests
        if any(
            (access_request.pk, one.version.rule_id) not in spent and one.verdict(facts[access_request.pk]).matches
            for one in standing
        )
    ]


def _fresh(now: datetime) -> list[AccessRequest]:
    return list(joined(waiting().filter(signals_at__gte=now - FRESH)).order_by("-signals_at")[:SWEPT_AT_ONCE])


def _next_ones() -> list[AccessRequest]:
    """The next so many of all that wait, by primary key. Where it got to may be forgotten: it begins anew then."""
    found = list(joined(waiting().filter(pk__gt=cache.get(_CURSOR, 0))).order_by("pk")[:SWEPT_AT_ONCE])
    cache.set(_CURSOR, found[-1].pk if len(found) == SWEPT_AT_ONCE else 0, _CURSOR_KEPT)
    return found
