"""What rules are tried on, read from the database: for one access request or for thousands, in the same number of
queries. All is as of the moment at which a request's signals were gathered, as far as rows keep their past: what a
person or an application is today (a confirmed address, a domain's proof) is taken as it is today."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Membership
from tiers.models import Order, OrderState
from tokens.models import AccessRequest, Domain, ImportedIssue, RequestState, ReviewTerms, Signal
from tokens.models.requests import DECIDED
from tokens.rules.conditions import Facts, Part

Values = dict[int, dict[str, Any]]
JOINED: Final = ("workspace", "application", "applicant", "tier", "model")
CALLS_OVER: Final = 28  # days
_KEPT: Final = (
    OrderState.PAID,
    OrderState.ACTIVE,
    OrderState.PAST_DUE,
    OrderState.ENDED,
    OrderState.PARTLY_REFUNDED,
    OrderState.DISPUTE_WON,
)
_FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_CALLS: Final = """
SELECT asked.id, coalesce(sum(u.calls), 0), coalesce(sum(u.calls) FILTER (WHERE u.code <> 'ok'), 0)
FROM unnest(%s::bigint[], %s::bigint[], %s::date[]) AS asked (id, workspace_id, day)
LEFT JOIN tokens_usage u
    ON u.workspace_id = asked.workspace_id AND u.day > asked.day - %s AND u.day <= asked.day
GROUP BY asked.id
"""


def joined(found: QuerySet[AccessRequest]) -> QuerySet[AccessRequest]:
    """With the rows that facts are read from."""
    return found.select_related(*JOINED)


def facts_of(access_request: AccessRequest, parts: Collection[Part]) -> Facts:
    return facts_of_many([access_request], parts)[access_request.pk]


def facts_of_many(requests: Sequence[AccessRequest], parts: Collection[Part]) -> dict[int, Facts]:
    """By primary key. Parts that nobody asks for stay unknown."""
    values: Values = {access_request.pk: _own(access_request) for access_request in requests}
    _add_standing(requests, values)
    for part, add in _PARTS.items():
        if part in parts:
            add(requests, values)
    return {pk: Facts(**found) for pk, found in values.items()}


def as_of(access_request: AccessRequest) -> datetime:
    return access_request.signals_at or access_request.submitted_at or timezone.now()


def _own(access_request: AccessRequest) -> dict[str, Any]:
    holders = (access_request.workspace.suspended_at, access_request.application.suspended_at)
    return {
        "tier": access_request.tier.slug if access_request.tier else "",
        "model": access_request.model.name if access_request.model else "",
        "expected_volume": access_request.expected_volume,
        "language": access_request.language,
        "account_days": (as_of(access_request) - access_request.applicant.date_joined).days,
        "suspended": any(holders) or not access_request.applicant.is_active,
    }


def _add_standing(requests: Sequence[AccessRequest], values: Values) -> None:
    approvals: dict[int | None, int] = dict(ReviewTerms.objects.values_list("tier", "approvals"))
    insiders: dict[int, set[int]] = defaultdict(set)
    members = Membership.objects.filter(workspace__in=_workspaces(requests))
    for workspace, user in members.values_list("workspace", "user"):
        insiders[workspace].add(user)
    imported = set(
        ImportedIssue.objects.filter(access_request__in=list(values)).values_list("access_request", flat=True)
    )
    for access_request in requests:
        values[access_request.pk] |= {
            "approvals_needed": approvals.get(access_request.tier_id, ReviewTerms.APPROVALS),
            "insiders": frozenset(insiders[access_request.workspace_id]),
            "imported": access_request.pk in imported,
        }


def _add_signals(requests: Sequence[AccessRequest], values: Values) -> None:
    states: dict[int, dict[str, str]] = defaultdict(dict)
    for pk, kind, state in Signal.objects.filter(access_request__in=list(values)).values_list(
        "access_request", "kind", "state"
    ):
        states[pk][kind] = state
    for access_request in requests:
        gathered = access_request.signals_at is not None
        values[access_request.pk]["signals"] = states[access_request.pk] if gathered else None


def _add_domains(requests: Sequence[AccessRequest], values: Values) -> None:
    found: dict[int, list[bool]] = defaultdict(list)
    applications = {access_request.application_id for access_request in requests}
    for application, proved_at in Domain.objects.filter(application__in=applications).values_list(
        "application", "proved_at"
    ):
        found[application].append(proved_at is not None)
    for access_request in requests:
        proved = found[access_request.application_id]
        values[access_request.pk] |= {"domains": len(proved), "domains_proved": sum(proved)}


def _add_sign_in(requests: Sequence[AccessRequest], values: Values) -> None:
    people = {access_request.applicant_id for access_request in requests}
    verified = EmailAddress.objects.filter(user__in=people, verified=True).values_list("user", "email")
    confirmed = {(user, email.lower()) for user, email in verified}
    factors = set(Authenticator.objects.filter(user__in=people, type__in=_FACTORS).values_list("user", flat=True))
    for access_request in requests:
        applicant = access_request.applicant
        values[access_request.pk] |= {
            "email_confirmed": (applicant.pk, applicant.email.lower()) in confirmed,
            "second_factor": applicant.pk in factors,
        }


def _add_history(requests: Sequence[AccessRequest], values: Values) -> None:
    decided: dict[int, list[tuple[int, str, datetime]]] = defaultdict(list)
    rows = AccessRequest.objects.filter(workspace__in=_workspaces(requests), state__in=DECIDED)
    for pk, workspace, state, at in rows.values_list("pk", "workspace", "state", "decided_at"):
        if at is not None:
            decided[workspace].append((pk, state, at))
    for access_request in requests:
        before = Counter(
            state
            for pk, state, at in decided[access_request.workspace_id]
            if pk != access_request.pk and at <= as_of(access_request)
        )
        values[access_request.pk] |= {
            "approved_before": before[RequestState.APPROVED],
            "rejected_before": before[RequestState.REJECTED],
        }


def _add_paid(requests: Sequence[AccessRequest], values: Values) -> None:
    """What was charged first and not given back: renewals are left out, so it is rather too little than too much."""
    orders: dict[int | None, list[tuple[datetime, str, int]]] = defaultdict(list)
    rows = Order.objects.filter(workspace__in=_workspaces(requests), settled_at__isnull=False, state__in=_KEPT)
    for workspace, at, currency, amount, refunded in rows.values_list(
        "workspace", "settled_at", "version__currency", "version__amount", "refunded"
    ):
        if at is not None:
            orders[workspace].append((at, currency, max(amount - refunded, 0)))
    for access_request in requests:
        paid: Counter[str] = Counter()
        for at, currency, amount in orders[access_request.workspace_id]:
            if at <= as_of(access_request):
                paid[currency] += amount
        values[access_request.pk]["paid"] = dict(paid)


def _add_calls(requests: Sequence[AccessRequest], values: Values) -> None:
    columns: list[list[Any]] = [
        [access_request.pk for access_request in requests],
        [access_request.workspace_id for access_request in requests],
        [as_of(access_request).date() for access_request in requests],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_CALLS, [*columns, CALLS_OVER])
        for pk, calls, refused in cursor.fetchall():
            values[pk] |= {"calls": int(calls), "refused": int(refused)}


def _workspaces(requests: Iterable[AccessRequest]) -> set[int]:
    return {access_request.workspace_id for access_request in requests}


_PARTS: Final[Mapping[Part, Any]] = {
    Part.SIGNALS: _add_signals,
    Part.DOMAINS: _add_domains,
    Part.SIGN_IN: _add_sign_in,
    Part.HISTORY: _add_history,
    Part.PAID: _add_paid,
    Part.CALLS: _add_calls,
}
