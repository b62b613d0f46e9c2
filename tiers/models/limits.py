"""The four limits as columns: of whatever may narrow or widen what a tier gives."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tiers.facts import LimitFacts

LIMITS: Final = ("requests_per_minute", "requests_per_day", "requests_per_month", "concurrent_calls")
# Inside, costs are thousandths of a call, and all that counts them is exact to 2**53.
MOST: Final[dict[str, int]] = {
    "requests_per_minute": 2_000_000_000,
    "requests_per_day": 10**12,
    "requests_per_month": 10**12,
    "concurrent_calls": 1_000_000_000,
}


class LimitColumns(models.Model):
    """Calls a minute, cost in calls a UTC day and month, and calls at once. Null says nothing of it."""

    requests_per_minute = models.PositiveIntegerField(_("requests per minute"), null=True, blank=True)
    requests_per_day = models.PositiveBigIntegerField(_("calls per day"), null=True, blank=True)
    requests_per_month = models.PositiveBigIntegerField(_("calls per month"), null=True, blank=True)
    concurrent_calls = models.PositiveIntegerField(_("calls at once"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def limit_facts(self) -> LimitFacts:
        return LimitFacts(
            per_minute=self.requests_per_minute,
            per_day=self.requests_per_day,
            per_month=self.requests_per_month,
            concurrent=self.concurrent_calls,
        )


def limits_in_bounds(name: str) -> models.CheckConstraint:
    """Each is null, or at least 1 and not beyond what can be counted."""
    condition = Q()
    for column, most in MOST.items():
        condition &= Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gte": 1, f"{column}__lte": most})
    return models.CheckConstraint(condition=condition, name=name)


def no_limits() -> Q:
    """The row says nothing of any limit."""
    return Q(**{f"{column}__isnull": True for column in LIMITS})
