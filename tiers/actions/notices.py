"""Noting which mails about orders are owed to the owners of a workspace. `tiers/order_mails.py` sends them."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Q

from accounts import clock
from accounts.models import MembershipRole
from tiers.models import Holds, NoticeKind, Order, OrderState

# What owners are told when an order comes to this state.
_TELLS: Final = {
    OrderState.PAID: NoticeKind.PAID,
    OrderState.ACTIVE: NoticeKind.PAID,
    OrderState.REFUNDED: NoticeKind.REFUNDED,
    OrderState.PARTLY_REFUNDED: NoticeKind.PARTLY_REFUNDED,
    OrderState.DISPUTED: NoticeKind.DISPUTED,
    OrderState.PAST_DUE: NoticeKind.PAST_DUE,
    OrderState.UNFULFILLED: NoticeKind.UNFULFILLED,
}
# What happened so long ago is no news, such as an order that is entered or imported later.
NEWS: Final = timedelta(days=3)
_NOTE: Final = """
INSERT INTO tiers_ordernotice (order_id, person_id, kind, marker)
SELECT %s, user_id, %s, %s FROM accounts_membership WHERE workspace_id = %s AND role = %s
ON CONFLICT DO NOTHING
"""
# A subscription that is refunded in part and cancelled is called cancelled.
_GOES_ON: Final = Q(state=OrderState.ACTIVE) | Q(state=OrderState.PARTLY_REFUNDED, version__interval__gt="")
WARNINGS: Final = (timedelta(days=1), timedelta(days=7))


def note_state(order: Order) -> None:
    """In the transaction in which the order came to its state, at `changed_at`."""
    kind = _TELLS.get(OrderState(order.state))
    if kind is None or order.workspace_id is None or _is_old(order, kind):
        return
    marker = ""
    if kind == NoticeKind.PARTLY_REFUNDED:
        marker = str(order.refunded)
    elif kind == NoticeKind.PAST_DUE and order.ends_at is not None:
        marker = order.ends_at.date().isoformat()
    _note(order, kind, marker)


def _is_old(order: Order, kind: NoticeKind) -> bool:
    return kind == NoticeKind.PAID and order.settled_at is not None and order.settled_at < order.changed_at - NEWS


def note_endings() -> int:
    """What ends within a week, and within a day, unless it goes on by itself; how many orders that were."""
    now = clock.now()
    ending = Order.objects.filter(holds=Holds.LIVE, ends_at__gt=now, ends_at__lte=now + max(WARNINGS))
    orders = list(ending.exclude(_GOES_ON).order_by("pk"))
    return sum(_note_ending(order, now) for order in orders)


def _note_ending(order: Order, now: datetime) -> bool:
    """Of what lasts no longer than the warning is early, the purchase itself has said when it ends."""
    if order.ends_at is None or order.settled_at is None:
        return False
    ahead = min(warning for warning in WARNINGS if order.ends_at - now <= warning)
    if order.ends_at - order.settled_at <= ahead:
        return False
    return bool(_note(order, NoticeKind.ENDING, f"{ahead.days}:{order.ends_at.isoformat()}"))


def _note(order: Order, kind: NoticeKind, marker: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [order.pk, kind, marker, order.workspace_id, MembershipRole.OWNER])
        return int(cursor.rowcount)
