"""The catalogue as staff see it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.models import AuditEvent
from tiers.models import AIModel, Operation, Product, Tier

GATED = "gated"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for. `opens`: a tier's slug, or `gated`."""

    find: str = ""
    opens: str = ""
    operation: str = ""

    @property
    def any(self) -> bool:
        return self != Filters()


def tiers() -> list[Tier]:
    """Every tier, lowest first, with `opened`: how many models open with exactly it."""
    return list(Tier.objects.annotate(opened=Count("models", filter=Q(models__retired_at=None))).order_by("rank"))


def operations() -> list[Operation]:
    return list(Operation.objects.order_by("label"))


def models(filters: Filters) -> QuerySet[AIModel]:
    found = AIModel.objects.select_related("tier", "successor").prefetch_related("operations")
    if filters.find:
        text = filters.find
        found = found.filter(Q(name__icontains=text) | Q(family__icontains=text) | Q(aliases__icontains=text))
    if filters.opens:
        found = found.filter(gated=True) if filters.opens == GATED else found.filter(tier__slug=filters.opens)
    if filters.operation:
        found = found.filter(operations__slug=filters.operation)
    return found


def state(model: AIModel, now: datetime) -> str:
    """`retired`, `early` (in its window now), `coming` (the window is ahead), or empty."""
    if model.retired_at is not None and model.retired_at <= now:
        return "retired"
    if model.early_access_from is None or model.early_access_until is None or model.early_access_until <= now:
        return ""
    return "early" if model.early_access_from <= now else "coming"


def history(row: Tier | AIModel | Product) -> list[AuditEvent]:
    """The last changes of a tier, model or product, newest first."""
    found = AuditEvent.objects.filter(subject_type=row.__class__.__name__, subject_id=row.public_id)
    return list(found.select_related("actor").order_by("-id")[:10])
