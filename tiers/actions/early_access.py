"""The goal of an early-access window: once enough was given, it opens to all, there and then."""

from accounts import audit, clock
from tiers.actions.edits import lock_catalogue
from tiers.models import AIModel, Order, ProductKind
from tiers.selectors.goals import raised_in_window

BY = audit.System("early access goal")


def raised_for(model: AIModel) -> int:
    """What was given for it in this window and not given back, in minor units of the goal's currency."""
    return raised_in_window([model]).get((model.pk, model.goal_currency), 0)


def take_turn() -> None:
    """Early access with a goal is settled one order at a time, and not while the catalogue is edited: so each knows
    whether those before it reached the goal, and of two at once the second is not forgotten in the sum."""
    lock_catalogue()


def close_window_at_goal(order: Order) -> None:
    """In the transaction in which the order that reaches the goal is settled, after `take_turn`. What is given back
    later opens nothing again, and closes nothing."""
    version = order.version
    if version is None or version.model_id is None or version.product.kind != ProductKind.EARLY_ACCESS:
        return
    if version.model is None or version.model.goal_amount is None:
        return
    model = AIModel.objects.get(pk=version.model_id)
    if model.goal_reached_at is not None or model.goal_amount is None or raised_for(model) < model.goal_amount:
        return
    # Later than whatever was settled before it, so that all of that stays fulfilled.
    reached_at = clock.now()
    AIModel.objects.filter(pk=model.pk).update(goal_reached_at=reached_at)
    after = {"goal_reached_at": reached_at.isoformat()}
    audit.record("model.goal_reached", model, by=BY, workspace=None, after=after)
