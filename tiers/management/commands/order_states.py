"""`order_states`: write docs/order-states.md from what `derive()` makes of sets of events; `--check` only compares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from tiers.order_states import Derived, Event, EventKind, Holds, Offer, OrderState, derive

_HEAD: Final = """# The states of an order

Made from `tiers/order_states.py` by `python manage.py order_states`; do not edit by hand.

A state follows from the *set* of an order's events, in whatever order and however often they came
([why](adr/0013-orders-are-sets-of-events.md)). So there are no transitions to speak of: each state is shown here by the
smallest set that comes to it, and an arrow by what one event more makes of that set. An event that is not named beside
a state changes nothing there. Left out is money that comes back before any came.
"""
_DAY: Final = timedelta(days=1)
_PAID_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_LARGEST_SET: Final = 3
_ENDS: Final = "the period ends"
_ONCE: Final = Offer(
    id=1,
    product="p",
    kind="early_access",
    amount=500,
    currency="USD",
    sale_from=_PAID_AT,
    window_until=_PAID_AT + _DAY,
)


def _event(kind: EventKind, **values: Any) -> Event:
    price = {"workspace": "w", "product": "p", "amount": 500, "currency": "USD"}
    return Event(key=str(values), kind=kind, **{"at": _PAID_AT, "received_at": _PAID_AT + 9 * _DAY, **price, **values})


_MONEY_BACK: Final = {
    "disputed": _event(EventKind.DISPUTED, dispute_id="d"),
    "dispute won": _event(EventKind.DISPUTE_CLOSED, dispute_id="d", outcome="won"),
    "dispute lost": _event(EventKind.DISPUTE_CLOSED, dispute_id="d", outcome="lost"),
    "refunded in part": _event(EventKind.REFUNDED, refund_id="a", refund_amount=100),
    "refunded": _event(EventKind.REFUNDED, refund_id="b", refund_amount=500),
}
_ONE_TIME: Final = {
    "ordered": _event(EventKind.CREATED),
    "pending": _event(EventKind.PENDING),
    "failed": _event(EventKind.FAILED),
    "expired": _event(EventKind.EXPIRED),
    "cancelled": _event(EventKind.CANCELLED),
    "paid": _event(EventKind.PAID),
    "paid, but wrongly or too late": _event(EventKind.PAID, at=_PAID_AT + 2 * _DAY),
    **_MONEY_BACK,
}
_SUBSCRIPTION: Final = {
    "ordered": _event(EventKind.CREATED),
    "paid": _event(EventKind.PAID, version=1),
    "renewal failed": _event(EventKind.PAST_DUE, version=2),
    "cancelled": _event(EventKind.CANCELLED, version=3),
    "resumed": _event(EventKind.RESUMED, version=4),
    "renewed": _event(EventKind.RENEWED, version=5, period_end=_PAID_AT + 62 * _DAY),
    _ENDS: None,
    **_MONEY_BACK,
}


@dataclass(frozen=True)
class _Shown:
    """A state by the smallest set that comes to it."""

    names: tuple[str, ...]
    derived: Derived


def page() -> str:
    """The whole page, in English whatever the language of the process."""
    with translation.override("en"):
        once = _section("Paid once", _ONE_TIME, _ONCE)
        every = _section(
            "A subscription", _SUBSCRIPTION, replace(_ONCE, kind="tier", interval="month", window_until=None)
        )
        return _HEAD + once + every


def _section(title: str, said: Mapping[str, Event | None], offer: Offer) -> str:
    shown: dict[OrderState, _Shown] = {}
    for size in range(_LARGEST_SET + 1):
        for names in filter(_is_likely, combinations(said, size)):
            derived = _come_to(names, said, offer)
            shown.setdefault(derived.state, _Shown(names, derived))
    steps = [step for one in shown.values() for step in _steps(one, said, offer)]
    return f"\n## {title}\n\n```mermaid\nstateDiagram-v2\n    [*] --> created\n{_arrows(steps)}```\n\n" + _table(
        shown, steps
    )


def _is_likely(names: tuple[str, ...]) -> bool:
    """Money comes back, and a subscription goes on, after a payment: the rest holds in any order, but shows nothing."""
    return any(name.startswith("paid") for name in names) or {*_ONE_TIME} - {*_MONEY_BACK} >= {*names}


def _come_to(names: tuple[str, ...], said: Mapping[str, Event | None], offer: Offer) -> Derived:
    events = [event for name in names if (event := said[name]) is not None]
    now = _PAID_AT + (40 if _ENDS in names else 9) * _DAY
    return derive(events, now=now, offers={"p": [offer]}, workspaces={"w"})


_Step = tuple[OrderState, str, OrderState]


def _steps(shown: _Shown, said: Mapping[str, Event | None], offer: Offer) -> Iterator[_Step]:
    for name in said:
        names = (*shown.names, name)
        if name not in shown.names and _is_likely(names):
            to = _come_to(names, said, offer).state
            if to != shown.derived.state:
                yield shown.derived.state, name, to


def _arrows(steps: list[_Step]) -> str:
    pairs = dict.fromkeys((start, to) for start, _name, to in steps)
    lines = []
    for start, to in pairs:
        names = " / ".join(name for one, name, other in steps if (one, other) == (start, to))
        lines.append(f"    {start} --> {to}: {names}\n")
    return "".join(lines)


def _table(shown: dict[OrderState, _Shown], steps: list[_Step]) -> str:
    lines = ["| state | comes of | grant | then |", "| --- | --- | --- | --- |"]
    for state, one in shown.items():
        then = "; ".join(f"{name} → *{to.label}*" for start, name, to in steps if start == state)
        grant = "" if one.derived.holds is Holds.NOTHING else one.derived.holds.label
        lines.append(f"| **{state.label}** | {', '.join(one.names) or 'nothing yet'} | {grant} | {then} |")
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    help = "Write docs/order-states.md from the code that derives them, or check that it is up to date."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail when the page differs")

    def handle(self, *args: object, check: bool = False, **options: object) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "order-states.md"
        wanted = page()
        if not check:
            path.write_text(wanted, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != wanted:
            raise CommandError("docs/order-states.md is out of date: run `python manage.py order_states`")
