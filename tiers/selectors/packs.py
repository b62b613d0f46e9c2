"""What is left of packs of calls. What was spent of one is a row of the storey above, which points to its grant."""

from typing import Final

from django.db.models import F, FloatField, QuerySet
from django.db.models.functions import Cast, Coalesce, Greatest

from tiers.models import Grant

# What is spent is counted in thousandths of a call.
CALL: Final = 1000


def with_calls_left(grants: QuerySet[Grant]) -> QuerySet[Grant]:
    """Packs with `calls_left`: some seconds late, as all that is read of usage."""
    spent = Cast(Coalesce(F("spent__units"), 0), FloatField()) / float(CALL)
    return grants.annotate(calls_left=Greatest(F("calls") - spent, 0.0, output_field=FloatField()))
