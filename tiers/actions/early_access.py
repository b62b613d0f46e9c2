"""The goal of an early-access window: once enough was given, it opens to all, there and then."""

from django.db.models import F, Sum
from django.db.models.functions import Now

from accounts import audit
from tiers.models import AIModel, Holds, Order, ProductKind

BY = audit.System("early access goal")


def raised_for(model: AIModel) -> int:
    """What was given for it and not given back, in minor units of the goal's currency."""
    given = Order.objects.filter(
        version__model=model,
        version__product__kind=ProductKind.EARLY_ACCESS,
        version__currency=model.goal_currency,
        holds__in=[Holds.LIVE, Holds.SUSPENDED],
    )
    total: int | None = given.aggregate(total=Sum(F("version__amount") - F("refunded")))["total"]
    return total or 0


def close_window_at_goal(order: Order) -> None:
    """In the transaction in which the order that reaches the goal is settled. The model's row is locked, so that of
    two orders at once the second sees the first. What is given back later closes nothing again."""
    version = order.version
    if version is None or version.model_id is None or version.product.kind != ProductKind.EARLY_ACCESS:
        return
    if version.model is None or version.model.goal_amount is None:
        return
    model = AIModel.objects.select_for_update(no_key=True).get(pk=version.model_id)
    if model.goal_reached_at is not None or model.goal_amount is None or raised_for(model) < model.goal_amount:
        return
    AIModel.objects.filter(pk=model.pk).update(goal_reached_at=Now())
    model.refresh_from_db()
    after = {"goal_reached_at": model.goal_reached_at.isoformat() if model.goal_reached_at else None}
    audit.record("model.goal_reached", model, by=BY, workspace=None, after=after)
