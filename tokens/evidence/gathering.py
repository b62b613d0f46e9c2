"""Gathers what is known and found about one access request. It informs; nothing here decides."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Q

from accounts import clock
from tiers import snapshot
from tokens.evidence import elsewhere, past, people, similarity, site
from tokens.evidence.finding import Case, Finding, could_not
from tokens.models import AccessRequest, RequestState, Signal, SignalKind
from tokens.models.requests import TO_DECIDE

log = structlog.get_logger(__name__)
# Every signal and what finds it, the cheap ones first.
SIGNALS: Final[dict[SignalKind, Callable[[Case], Finding]]] = {
    SignalKind.DOMAIN: past.domain,
    SignalKind.VOLUME: past.volume,
    SignalKind.SECRET_IN_QUERY: past.secret_in_query,
    SignalKind.ACCOUNT_AGE: people.account_age,
    SignalKind.IDENTITIES: people.identities,
    SignalKind.MAIL: people.mail,
    SignalKind.ADDRESSES: people.addresses,
    SignalKind.HISTORY: past.history,
    SignalKind.USAGE: past.usage,
    SignalKind.REFUSALS: past.refusals,
    SignalKind.SPEND: past.spend,
    SignalKind.SAME_DOMAIN: elsewhere.same_domain,
    SignalKind.SAME_REPOSITORY: elsewhere.same_repository,
    SignalKind.SAME_WORDING: elsewhere.same_wording,
    SignalKind.SITE: site.site,
}
FRESH_FOR: Final = timedelta(days=1)
# What a worker was handed a moment ago is not handed out again.
HANDED: Final = timedelta(seconds=30)
A_SWEEP: Final = 200
TRIES: Final = 3
# What applicants can change of a request that was sent, and signals are found in.
READ: Final = ("purpose", "users", "links", "expected_volume")
_JOINED: Final = ("workspace", "application", "applicant", "tier", "model", "previous")


def gather(pk: int) -> AccessRequest:
    """Find all signals anew and keep them, one a kind; the network is asked outside of any transaction. What was found
    of a text that was written anew meanwhile is not kept, but looked for once more; after that it is the sweep's."""
    for _attempt in range(TRIES):
        asked = AccessRequest.objects.select_related(*_JOINED).get(pk=pk)
        case = Case(asked, snapshot.load(), clock.now())
        if _keep(asked, [_found(kind, find, case) for kind, find in SIGNALS.items()]):
            break
    return asked


def _found(kind: SignalKind, find: Callable[[Case], Finding], case: Case) -> Finding:
    """One that fails for a fault of ours is told as such, in the log and to reviewers, and stops no other."""
    try:
        return find(case)
    except Exception:
        log.exception("signal_failed", kind=kind, access_request=case.asked.public_id)
        return could_not(kind, "fault")


@transaction.atomic
def _keep(asked: AccessRequest, findings: list[Finding]) -> bool:
    """Whether what was looked at still stands. Two that keep at once take turns at the row of the request."""
    row = AccessRequest.objects.select_for_update(no_key=True).only(*READ).get(pk=asked.pk)
    if any(getattr(row, name) != getattr(asked, name) for name in READ):
        return False
    now = clock.now()
    Signal.objects.bulk_create(
        [Signal(access_request=asked, kind=f.kind, state=f.state, facts=dict(f.facts), at=now) for f in findings],
        update_conflicts=True,
        unique_fields=["access_request", "kind"],
        update_fields=["state", "facts", "at"],
    )
    AccessRequest.objects.filter(pk=asked.pk).update(
        signals_at=now,
        repositories=elsewhere.repositories_of(asked),
        wording=similarity.bands(asked.purpose),
    )
    return True


def due() -> list[int]:
    """Those of which nothing was gathered, or that still wait after a day; the oldest first."""
    now = clock.now()
    never = Q(signals_at=None, updated_at__lt=now - HANDED, state__in=[*TO_DECIDE, RequestState.CHANGES_REQUESTED])
    again = Q(signals_at__lt=now - FRESH_FOR, state__in=TO_DECIDE)
    found = AccessRequest.objects.filter(never | again, submitted_at__isnull=False).order_by("id")
    return list(found.values_list("pk", flat=True)[:A_SWEEP])
