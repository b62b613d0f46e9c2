"""Asking a provider about one order because somebody waits for it: the page that the buyer returns to, and its poll."""

from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.db.models.functions import Now

from accounts import clock
from accounts.audit import Actor
from tiers.actions.orders import sync_order
from tiers.models import Order

ASK_EVERY: Final = timedelta(seconds=3)


def check_order(*, order: Order, by: Actor) -> Order | None:
    """The order as its provider says it stands; None where it was not asked. An order that is settled is not asked
    about, and none more often than every `ASK_EVERY`, however many pages of it are open: one row update says whose turn
    it is. Raises ProviderAway."""
    due = Q(synced_at=None) | Q(synced_at__lte=clock.now() - ASK_EVERY)
    waiting = Order.objects.filter(due, pk=order.pk, unsettled_since__isnull=False)
    return sync_order(pk=order.pk, ask=True, by=by) if waiting.update(synced_at=Now()) else None
