"""What early access has raised toward its goal."""

from collections.abc import Iterable

from django.db.models import F, Q, Sum

from tiers.models import AIModel, Holds, Order, ProductKind


def raised_in_window(models: Iterable[AIModel]) -> dict[tuple[int, str], int]:
    """What was given for each in its present window and not given back, by model and currency, in minor units. One
    query."""
    in_window = Q(version__model__early_access_from=None) | Q(settled_at__gte=F("version__model__early_access_from"))
    held = Order.objects.filter(
        in_window,
        version__model__in=list(models),
        version__product__kind=ProductKind.EARLY_ACCESS,
        holds__in=[Holds.LIVE, Holds.SUSPENDED],
    )
    sums = (
        held.values_list("version__model", "version__currency")
        .order_by()
        .annotate(total=Sum(F("version__amount") - F("refunded")))
    )
    return {(model, currency): total for model, currency, total in sums}
