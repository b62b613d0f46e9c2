"""What limits may be set to, by whomever."""

from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Invalid
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.models import LIMITS, MOST, Tier

NAMES: Final[dict[str, Promise]] = {
    "requests_per_minute": gettext_lazy("requests per minute"),
    "requests_per_day": gettext_lazy("calls per day"),
    "requests_per_month": gettext_lazy("calls per month"),
    "concurrent_calls": gettext_lazy("calls at once"),
}
_FACTS: Final = ("per_minute", "per_day", "per_month", "concurrent")


def as_columns(limits: LimitFacts) -> dict[str, Any]:
    """The columns of `LimitColumns`, for writing and for the audit."""
    return {column: getattr(limits, name) for column, name in zip(LIMITS, _FACTS, strict=True)}


def as_facts(values: dict[str, Any]) -> LimitFacts:
    """From values by the names of the columns; what is not there says nothing."""
    return LimitFacts(**{name: values.get(column) for column, name in zip(LIMITS, _FACTS, strict=True)})


def check_limits(limits: LimitFacts) -> None:
    """Raises Invalid naming the column."""
    for column, value in as_columns(limits).items():
        if value is not None and not 1 <= value <= MOST[column]:
            message = _("A limit is from 1 to %(most)d. Leave it empty for none.")
            raise Invalid(message % {"most": MOST[column]}, field=column)
    if limits.per_day and limits.per_month and limits.per_month < limits.per_day:
        raise Invalid(_("A month cannot allow fewer calls than a day."), field="requests_per_month")


def check_limits_of_grant(limits: LimitFacts, tier: Tier | None) -> None:
    """A grant has limits of its own where it gives a tier, whose limits they replace."""
    check_limits(limits)
    if limits != NO_LIMITS and tier is None:
        column = next(column for column, value in as_columns(limits).items() if value is not None)
        raise Invalid(_("Only a grant of a tier has limits."), field=column)
