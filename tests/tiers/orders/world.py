"""Two workspaces, a shop and its products in the database, beside the plain model of what they come to."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from accounts import clock
from accounts.ids import new_public_id
from tests import factories
from tests.tiers.orders.histories import DAY, NOW
from tests.tiers.orders.plain_model import Verdict, judge
from tests.tiers.orders.shop import BY, Shop, open_shop, product, version
from tiers.actions.inbox import handle_event
from tiers.models import Alarm, AlarmKind, Grant, InboxState, Order, ProviderEvent, Tier
from tiers.order_states import Event
from tiers.payments.order_payload import KINDS
from tiers.selectors import order_facts

TYPES = {kind: name for name, kind in KINDS.items()}
_KINDS = ("once-keep", "once-revoke", "once-prorate", "monthly", "pack", "early")


@dataclass(frozen=True)
class Message:
    """As it goes out: `event` is what it means, `body` how that is said."""

    id: str
    order: str
    event: Event
    body: bytes


@dataclass
class World:
    shop: Shop
    now: datetime
    products: list[str]
    workspaces: list[str]
    sent: dict[str, list[Message]] = field(default_factory=dict)

    def say(self, order: str, drawn: Event, of: str, to: str) -> Message:
        """The drawn event as a message of that order, of that product, to that workspace."""
        other = next(workspace for workspace in self.workspaces if workspace != to)
        event = replace(
            drawn,
            key=new_public_id(),
            at=self.now + (drawn.at - NOW),
            period_end=drawn.period_end and self.now + (drawn.period_end - NOW),
            workspace={"w1": to, "w2": other}.get(drawn.workspace, drawn.workspace),
            product={"p": of, "yearly": self.products[0]}.get(drawn.product, drawn.product),
        )
        message = Message(event.key, order, event, self._body(order, event))
        self.sent.setdefault(order, []).append(message)
        return message

    def _body(self, order: str, event: Event) -> bytes:
        said = {
            "version": event.version,
            "workspace": event.workspace or None,
            "product": event.product or None,
            "amount": event.amount,
            "currency": event.currency or None,
            "refund": event.refund_id and {"id": event.refund_id, "amount": event.refund_amount},
            "dispute": event.dispute_id and {"id": event.dispute_id, "outcome": event.outcome or None},
            "period_end": event.period_end and event.period_end.isoformat(),
        }
        given = {name: value for name, value in said.items() if value}
        left_out = {name: ... for name in ("workspace", "product", "amount", "currency") if name not in given}
        return self.shop.body(TYPES[event.kind], order, at=event.at, **given, **left_out)

    def redrive(self) -> None:
        """What the sweep does with whatever was stored and not applied."""
        for event in ProviderEvent.objects.filter(source=self.shop.source.name, handled_at=None):
            handle_event(event=event, by=BY)

    def verdict(self, order: str) -> Verdict:
        received = dict(ProviderEvent.objects.filter(order__reference=order).values_list("event_id", "received_at"))
        events = [replace(message.event, received_at=received[message.id]) for message in self.sent[order]]
        return judge(events, order_facts.offers(self.products), set(self.workspaces))


def make_world() -> World:
    """Each product costs 4.00 until ten days ago and 5.00 since. Needs the catalogue."""
    shop, now = open_shop(), clock.now()
    changed = now - 10 * DAY
    other = factories.person().personal_workspace
    for name, values in _values(now).items():
        made = product(name, "early_access" if name == "early" else "tier", amount=400, sale_until=changed, **values)
        version(made, 2, sale_from=changed, **values)
    return World(shop, now, list(_KINDS), [shop.workspace.public_id, other.public_id])


def _values(now: datetime) -> dict[str, dict[str, object]]:
    flower, nectar = (Tier.objects.get(slug=slug) for slug in ("flower", "nectar"))
    rules = {f"once-{rule}": {"tier": flower, "lasts_days": 30, "partial_refund": rule} for rule in _RULES}
    return {
        **rules,
        "monthly": {"tier": nectar, "interval": "month", "grace_days": 3},
        "pack": {"calls": 1000, "partial_refund": "prorate"},
        "early": {"tier": nectar, "window_until": now - timedelta(days=5)},
    }


_RULES = ("keep", "revoke", "prorate")


def grants_of(order: Order) -> Verdict:
    """What the database has of it, in the model's words."""
    rows = list(Grant.objects.filter(order=order).select_related("workspace"))
    still_open = [grant for grant in rows if grant.revoked_at is None]
    assert len(still_open) <= 1
    last = (still_open or sorted(rows, key=lambda grant: grant.pk))[-1:]
    if not last or order.holds == "nothing":
        assert not still_open
        return Verdict()
    [grant] = last
    words = "taken" if grant.revoked_at else "suspended" if grant.disputed_at else "live"
    return Verdict(words, grant.workspace.public_id, grant.starts_at, grant.ends_at, grant.calls)


def told(orders: Iterable[Order]) -> set[tuple[str, str]]:
    """Which alarms are open, of these orders: the kind, and what it is of."""
    alarms = Alarm.objects.filter(order__in=list(orders), resolved_at=None).select_related("event")
    return {(alarm.kind, alarm.event.event_id if alarm.event else alarm.order.reference) for alarm in alarms}


def agrees_with_the_model(world: World, reference: str) -> None:
    order = Order.objects.get(source=world.shop.source.name, reference=reference)
    verdict, found = world.verdict(reference), grants_of(order)
    wanted = Verdict(verdict.grant, verdict.workspace, verdict.starts_at, verdict.ends_at, verdict.calls)
    assert found == (wanted if verdict.grant else Verdict()), world.sent[reference]
    assert order.refunded == verdict.refunded
    alarms = {(AlarmKind.EVENT_SET_ASIDE.value, name) for name in verdict.aside}
    unfulfilled = {(AlarmKind.UNFULFILLED.value, reference)} if verdict.unfulfilled else set()
    assert told([order]) == alarms | unfulfilled
    states = dict(ProviderEvent.objects.filter(order=order).values_list("event_id", "state"))
    aside = {name for name, state in states.items() if state == InboxState.SET_ASIDE}
    assert (aside, set(states.values()) - {InboxState.SET_ASIDE}) in [
        (set(verdict.aside), {InboxState.APPLIED}),
        (set(verdict.aside), set()),
    ]
