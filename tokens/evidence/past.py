"""What the workspace has done so far: asked, called, was refused, paid; and what it means to call."""

from collections import Counter
from datetime import timedelta
from typing import Final

from django.db.models import Count, Max, Q, QuerySet, Sum

from tiers.facts import Catalogue, TierFacts
from tiers.models import Order, OrderState
from tokens.evidence.finding import Case, Finding
from tokens.models import AccessRequest, Decision, Domain, RequestState, SignalKind, SignalState, Token, Usage

DAYS: Final = 28
_MANY_CALLS: Final = 100
_MUCH, _SOME = 50, 20  # percent
_PAID: Final = (
    OrderState.PAID,
    OrderState.ACTIVE,
    OrderState.PAST_DUE,
    OrderState.CANCELLED,
    OrderState.ENDED,
    OrderState.PARTLY_REFUNDED,
    OrderState.DISPUTE_WON,
)
_DISPUTED: Final = (OrderState.DISPUTED, OrderState.DISPUTE_LOST)


def domain(case: Case) -> Finding:
    found = list(Domain.objects.filter(application=case.asked.application_id).order_by("id"))
    if not found:
        return Finding(SignalKind.DOMAIN, SignalState.NOTICE)
    proved = [each for each in found if each.proved_at is not None]
    shown = proved[0] if proved else found[0]
    facts = {
        "host": shown.host,
        "all": len(found),
        "proved": len(proved),
        "method": shown.proved_method,
        "since": shown.proved_at.isoformat() if shown.proved_at else None,
    }
    return Finding(SignalKind.DOMAIN, SignalState.OK if len(proved) == len(found) else SignalState.WARN, facts)


def history(case: Case) -> Finding:
    """Of the whole workspace, since one asks again under another application's name."""
    asked = case.asked
    earlier = AccessRequest.objects.filter(workspace=asked.workspace_id, id__lt=asked.pk)
    counts = earlier.aggregate(
        approved=Count("id", filter=Q(state=RequestState.APPROVED)),
        rejected=Count("id", filter=Q(state=RequestState.REJECTED)),
    )
    reopened = Decision.objects.filter(access_request__in=earlier, reopened_at__isnull=False).count()
    again = asked.previous is not None and asked.previous.state == RequestState.REJECTED
    state = SignalState.WARN if again else SignalState.NOTICE if counts["rejected"] else SignalState.OK
    return Finding(SignalKind.HISTORY, state, {**counts, "reopened": reopened, "again": again})


def usage(case: Case) -> Finding:
    """Calls of each day, the oldest first."""
    today = case.now.date()
    first = today - timedelta(days=DAYS - 1)
    days = [0] * DAYS
    counted = _calls(case).values_list("day").annotate(counted=Sum("calls"))
    for day, calls in counted:
        if first <= day <= today:
            days[(day - first).days] = calls
    total = sum(days)
    return Finding(SignalKind.USAGE, SignalState.OK if total else SignalState.NOTICE, {"calls": total, "days": days})


def refusals(case: Case) -> Finding:
    codes: Counter[str] = Counter(dict(_calls(case).values_list("code").annotate(counted=Sum("calls"))))
    total, refused = codes.total(), codes.total() - codes["ok"]
    share = 100 * refused / total if total else 0.0
    often = [(code, calls) for code, calls in codes.most_common() if code != "ok"]
    many = total >= _MANY_CALLS
    state = SignalState.WARN if many and share >= _MUCH else SignalState.NOTICE if share >= _SOME else SignalState.OK
    facts = {"calls": total, "refused": refused, "percent": round(share, 1), "code": often[0][0] if often else ""}
    return Finding(SignalKind.REFUSALS, state, facts)


def spend(case: Case) -> Finding:
    """First payments less what was given back, in minor units by currency."""
    orders = Order.objects.filter(workspace=case.asked.workspace_id, settled_at__isnull=False)
    paid: Counter[str] = Counter()
    rows = orders.filter(state__in=_PAID).values_list("version__currency", "version__amount", "refunded")
    for currency, amount, refunded in rows:
        paid[currency] += max(amount - refunded, 0)
    disputes = orders.filter(state__in=_DISPUTED).count()
    state = SignalState.WARN if disputes else SignalState.OK if +paid else SignalState.NOTICE
    return Finding(SignalKind.SPEND, state, {"paid": dict(+paid), "disputes": disputes})


def volume(case: Case) -> Finding:
    """What is expected, beside what the tier asked for allows and what was called on the busiest day."""
    expected = case.asked.expected_volume
    if expected is None:
        return Finding(SignalKind.VOLUME, SignalState.NOTICE)
    enough = lowest_for(case.catalogue, expected)
    asked = case.catalogue.tiers.get(case.asked.tier.slug) if case.asked.tier else None
    busiest = max((calls for _day, calls in _calls(case).values_list("day").annotate(c=Sum("calls"))), default=0)
    too_much = asked is not None and asked.requests_per_day is not None and expected > asked.requests_per_day
    state = SignalState.WARN if too_much or enough is None else SignalState.OK
    facts = {"expected": expected, "fits": enough.slug if enough else "", "busiest": busiest, "too_much": too_much}
    return Finding(SignalKind.VOLUME, state, facts)


def lowest_for(catalogue: Catalogue, calls: int) -> TierFacts | None:
    """The lowest tier whose daily allowance holds so many calls."""
    fitting = [t for t in catalogue.tiers.values() if t.requests_per_day is None or t.requests_per_day >= calls]
    return min(fitting, key=lambda tier: tier.rank, default=None)


def secret_in_query(case: Case) -> Finding:
    tokens = Token.objects.filter(application=case.asked.application_id)
    found = tokens.aggregate(seen=Max("seen_in_query_at"), all=Count("id"))
    if found["seen"] is not None:
        return Finding(SignalKind.SECRET_IN_QUERY, SignalState.BAD, {"at": found["seen"].isoformat()})
    return Finding(SignalKind.SECRET_IN_QUERY, SignalState.OK, {"tokens": found["all"]})


def _calls(case: Case) -> QuerySet[Usage]:
    today = case.now.date()
    return Usage.objects.filter(
        workspace=case.asked.workspace_id, day__gt=today - timedelta(days=DAYS), day__lte=today
    ).order_by()
