"""The terms of each kind of access request, and the groups that they may name."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from accounts.models import AuditEvent
from tiers.models import Tier
from tokens.models import ReviewGroup, ReviewTerms
from tokens.models.requests import TO_DECIDE


@dataclass(frozen=True, slots=True)
class KindTerms:
    """Of one kind: what is set, or the defaults in a row that is not saved. `tier` is None for models."""

    kind: str
    tier: Tier | None
    terms: ReviewTerms

    @property
    def is_default(self) -> bool:
        return self.terms.pk is None


def kinds() -> list[KindTerms]:
    """Each tier that is asked for, lowest first, then models. Three queries."""
    rows = {row.tier_id: row for row in ReviewTerms.objects.select_related("group", "escalation_group")}
    found = [KindTerms(f"tier:{tier.slug}", tier, rows.get(tier.pk) or ReviewTerms(tier=tier)) for tier in _asked_for()]
    return [*found, KindTerms("model", None, rows.get(None) or ReviewTerms())]


def _asked_for() -> list[Tier]:
    """Those above the highest that anybody gets without asking."""
    tiers = list(Tier.objects.order_by("rank"))
    free = max((tier.rank for tier in tiers if tier.self_service), default=tiers[0].rank if tiers else 0)
    return [tier for tier in tiers if tier.rank > free]


def groups() -> QuerySet[ReviewGroup]:
    return ReviewGroup.objects.order_by("name", "pk")


def groups_with_use() -> QuerySet[ReviewGroup]:
    """With `waiting`, how many access requests are before each."""
    waiting = Count("access_requests", filter=Q(access_requests__state__in=TO_DECIDE), distinct=True)
    return groups().prefetch_related("members").annotate(waiting=waiting)


def history() -> QuerySet[AuditEvent]:
    """The last changes of terms."""
    return AuditEvent.objects.filter(action="review_terms.set").select_related("actor").order_by("-id")[:20]
