"""`sync_order`: the one way an order changes. The webhook, the page the buyer returns to, its poll, the sweeper, the
reconciler and staff all call it, as often as they like."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Max, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.audit import Actor
from accounts.errors import Conflict
from accounts.ids import new_public_id
from accounts.models import User, Workspace
from accounts.roles import Permission, require
from tiers.actions.alarms import clear_alarms, raise_alarm, was_seen_to
from tiers.actions.early_access import close_window_at_goal, take_turn
from tiers.actions.notices import note_state
from tiers.actions.order_grants import agree
from tiers.models import (
    Alarm,
    AlarmKind,
    EventKind,
    Grant,
    Holds,
    InboxState,
    Order,
    OrderEvent,
    OrderState,
    Outcome,
    Problem,
    Product,
    ProductVersion,
    Provider,
    ProviderEvent,
)
from tiers.order_states import Derived, Event, Offer, derive
from tiers.payments import Unusable, provider
from tiers.selectors import order_facts

CHECKOUT: Final = "checkout"


def sync_order(*, pk: int, ask: bool, by: Actor, recorded: Iterable[Event] = ()) -> Order:
    """Bring an order and its grant to what the set of its events says, and return it.

    `ask`: first ask the provider how it stands (network, before any lock). `recorded`: events of our own to add.
    Then, in one transaction: what is new joins the set, unhandled messages of the inbox too, and state, grant, audit
    and alarms follow. Called twice, late or at once by several, it comes to the same. Raises ProviderAway."""
    heard, fetched = (_unhandled(pk), _fetch(pk)) if ask else ([], [])
    with transaction.atomic():
        order = _locked(pk)
        _join(order, [*fetched, *recorded])
        messages = _messages(order, heard)
        unusable = _join_inbox(order, messages)
        events = order_facts.events(order)
        workspaces = _lock_workspaces(order, events)
        derived = _derived(order, events, workspaces)
        before = _described(order)
        order = _write(order, derived, workspaces, asked=ask)
        changed = agree(order, derived, by=by)
        if before != _described(order):
            audit.record(
                "order.changed", order, by=by, workspace=order.workspace, before=before, after=_described(order)
            )
            note_state(order)
        if changed:
            close_window_at_goal(order)
        _mark_inbox(order, messages, derived, unusable)
        _tell_staff(order, derived, problem_before=before["problem"])
    return order


def _unhandled(pk: int) -> list[int]:
    return list(ProviderEvent.objects.filter(order=pk, handled_at=None).values_list("pk", flat=True))


def _messages(order: Order, heard: list[int]) -> list[ProviderEvent]:
    """Those that this sync may call handled. Where messages are but a hint, only the ones that were here before the
    provider was asked: what came in meanwhile may be of a later truth, and has to ask for itself."""
    waiting = ProviderEvent.objects.filter(order=order, handled_at=None)
    if provider(order.provider).ASKS:
        waiting = waiting.filter(pk__in=heard)
    return list(waiting.order_by("pk"))


def _fetch(pk: int) -> list[Event]:
    order = Order.objects.select_related("workspace", "quoted__product").get(pk=pk)
    return provider(order.provider).fetch(order)


def _locked(pk: int) -> Order:
    return _whole().select_for_update(no_key=True, of=("self",)).get(pk=pk)


def _whole() -> QuerySet[Order]:
    return Order.objects.select_related("workspace", "version__product", "version__tier", "version__model")


def _join(order: Order, events: Iterable[Event], inbox: ProviderEvent | None = None) -> None:
    rows = [OrderEvent(order=order, inbox=inbox, **asdict(event)) for event in events]
    OrderEvent.objects.bulk_create(rows, ignore_conflicts=True)


def _join_inbox(order: Order, messages: Iterable[ProviderEvent]) -> dict[int, str]:
    """Add what the stored messages say; of those that say nothing usable, why."""
    unusable: dict[int, str] = {}
    for message in messages:
        try:
            _join(order, provider(message.provider).events(message), message)
        except Unusable as error:
            unusable[message.pk] = str(error)
    return unusable


def _lock_workspaces(order: Order, events: Iterable[Event]) -> dict[str, Workspace]:
    """All that are named, and the one that it was of, in one order: whichever it turns out to be, it is locked."""
    named = Q(public_id__in={event.workspace for event in events if event.workspace}) | Q(pk=order.workspace_id)
    locked = Workspace.objects.filter(named).select_for_update(no_key=True).order_by("pk")
    return {workspace.public_id: workspace for workspace in locked}


def _derived(order: Order, events: Collection[Event], workspaces: Collection[str]) -> Derived:
    quoted, offers = _offers(order, events)
    if any(offer.awaits_goal for versions in offers.values() for offer in versions):
        take_turn()
        quoted, offers = _offers(order, events)
    return derive(events, now=clock.now(), offers=offers, workspaces=workspaces, quoted=quoted)


def _offers(order: Order, events: Iterable[Event]) -> tuple[Offer | None, dict[str, list[Offer]]]:
    """What our checkout quoted, and every version of the products that the events name."""
    offers = order_facts.offers(event.product for event in events if event.product)
    if order.quoted_id is None:
        return None, offers
    version = ProductVersion.objects.select_related("product", "model").get(pk=order.quoted_id)
    return order_facts.offer(version), offers


def _write(order: Order, derived: Derived, workspaces: Mapping[str, Workspace], *, asked: bool) -> Order:
    values: dict[str, Any] = {
        "workspace": workspaces.get(derived.workspace),
        "version_id": derived.offer.id if derived.offer else None,
        "state": derived.state,
        "problem": derived.problem or "",
        "holds": derived.holds,
        "unsettled_since": derived.unsettled_since,
        "settled_at": derived.settled_at,
        "ends_at": derived.ends_at,
        "refunded": derived.refunded,
    }
    if any(getattr(order, name) != value for name, value in values.items()):
        values["changed_at"] = Now()
    elif not asked:
        return order
    Order.objects.filter(pk=order.pk).update(**values, **({"synced_at": Now()} if asked else {}))
    return _whole().get(pk=order.pk)


def _described(order: Order) -> dict[str, Any]:
    return {
        "workspace": order.workspace.public_id if order.workspace else None,
        "product": order.version.product.slug if order.version else None,
        "state": order.state,
        "problem": order.problem,
        "holds": order.holds,
        "ends_at": order.ends_at.isoformat() if order.ends_at else None,
        "refunded": order.refunded,
    }


def _mark_inbox(order: Order, messages: list[ProviderEvent], derived: Derived, unusable: dict[int, str]) -> None:
    """Say of each message what became of it. One that was set aside may come right, when a product is added later, and
    one that was applied may turn out to be of another order than it seemed, when an earlier one arrives."""
    doubtful = Q(state=InboxState.SET_ASIDE) | Q(order_events__key__in=derived.set_aside.keys())
    settled = ProviderEvent.objects.filter(doubtful, order=order, handled_at__isnull=False).distinct()
    prefetch_related_objects([*messages, *(others := list(settled))], "order_events")
    for message in messages:
        _settle(order, message, unusable.get(message.pk, _what_is_wrong(message, derived)))
    for message in others:
        error = _what_is_wrong(message, derived) if message.order_events.all() else message.error
        if bool(error) != (message.state == InboxState.SET_ASIDE):
            _settle(order, message, error)


def _what_is_wrong(message: ProviderEvent, derived: Derived) -> str:
    problems = [derived.set_aside[event.key] for event in message.order_events.all() if event.key in derived.set_aside]
    return str(problems[0].label) if problems else ""


def _settle(order: Order, message: ProviderEvent, error: str) -> None:
    said = bool(message.order_events.all()) or provider(message.provider).ASKS or _was_fetched(message)
    state = InboxState.SET_ASIDE if error else InboxState.APPLIED if said else InboxState.IGNORED
    ProviderEvent.objects.filter(pk=message.pk).update(
        state=state, error=error[:500], attempts=F("attempts") + 1, handled_at=Now()
    )
    if error:
        raise_alarm(AlarmKind.EVENT_SET_ASIDE, message.public_id, error, order=order, event=message)
    elif message.attempts:
        clear_alarms(AlarmKind.EVENT_SET_ASIDE, message.public_id, "It was applied.")
        clear_alarms(AlarmKind.EVENT_FAILING, message.public_id, "It was applied.")


def _was_fetched(message: ProviderEvent) -> bool:
    """Whether we had asked, and knew what it says, before it came."""
    return OrderEvent.objects.filter(order=message.order, key=message.event_id, inbox=None).exists()


def _tell_staff(order: Order, derived: Derived, *, problem_before: str) -> None:
    """Of money that gives nothing, and of what the provider said, when asked, that does not fit: no message has it.
    What was told and is still so is not told again: somebody may have seen to it, outside of here."""
    if order.problem and order.problem != problem_before:
        raise_alarm(AlarmKind.UNFULFILLED, order.public_id, str(Problem(order.problem).label), order=order)
    elif problem_before and not order.problem:
        clear_alarms(AlarmKind.UNFULFILLED, order.public_id, "It was settled.")
    _tell_of_renewal_in_vain(order, derived)
    if order.quoted_id is None:
        return  # Not from a checkout of ours: nobody asks about it.
    aside = OrderEvent.objects.filter(order=order, inbox=None, key__in=derived.set_aside).first()
    if aside is None or order.problem:
        clear_alarms(AlarmKind.EVENT_SET_ASIDE, order.public_id, "It fits now.")
    elif not was_seen_to(AlarmKind.EVENT_SET_ASIDE, order.public_id):
        detail = f"{aside.key}: {derived.set_aside[aside.key].label}"
        raise_alarm(AlarmKind.EVENT_SET_ASIDE, order.public_id, detail, order=order)


def _tell_of_renewal_in_vain(order: Order, derived: Derived) -> None:
    """Of a subscription that was taken back and is charged for again: once for each renewal, until that is given back
    too."""
    if order.holds != Holds.TAKEN:
        return
    sound = order.events.exclude(key__in=derived.set_aside)
    taken = sound.filter(Q(kind=EventKind.REFUNDED) | Q(kind=EventKind.DISPUTE_CLOSED, outcome=Outcome.LOST))
    taken_at = taken.aggregate(last=Max("at"))["last"]
    if taken_at is None:
        return
    renewal = sound.filter(kind=EventKind.RENEWED, at__gt=taken_at).order_by("recorded_at", "pk").last()
    if renewal is None:
        clear_alarms(AlarmKind.UNFULFILLED, order.public_id, "It was settled.")
        return
    detail = f"{renewal.key}: renewed"
    if not Alarm.objects.filter(kind=AlarmKind.UNFULFILLED, order=order, detail=detail).exists():
        raise_alarm(AlarmKind.UNFULFILLED, order.public_id, detail, order=order)


# --- Orders that begin here --------------------------------------------------------------------------------


@transaction.atomic
def place_order(*, workspace: Workspace, product: Product, name: Provider, by: User) -> Order:
    """Order what is on sale now, at the price that it has now. An unsettled order of the same is gone on with instead,
    so that nobody pays twice. Raises Conflict where it is not on sale, or held already for good."""
    require(by, Permission.ORDER_WRITE, workspace)
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    version = _on_sale(product)
    going = unsettled(workspace, version, name)
    if going is not None:
        return going
    _check_of_use(workspace, version)
    public_id = new_public_id()
    order = Order.objects.create(public_id=public_id, provider=name, reference=public_id, quoted=version, created_by=by)
    after = {"product": product.slug, "amount": version.amount, "currency": version.currency}
    audit.record("order.placed", order, by=by, workspace=workspace, after=after)
    return sync_order(pk=order.pk, ask=False, by=by, recorded=[_creation(workspace, version, clock.now())])


def unsettled(workspace: Workspace, version: ProductVersion, name: Provider) -> Order | None:
    """The order of the same thing at the same provider that waits for its money."""
    waiting = Order.objects.filter(workspace=workspace, quoted=version, provider=name, unsettled_since__isnull=False)
    return waiting.order_by("-pk").first()


def _on_sale(product: Product) -> ProductVersion:
    now = clock.now()
    version = product.versions.select_related("product", "tier", "model").order_by("number").last()
    if version is None or version.sale_from > now or (version.sale_until and version.sale_until <= now):
        raise Conflict(_("This is not on sale now."))
    if order_facts.offer(version).is_closed(now):
        raise Conflict(_("Early access to it is over: it opens to its tier now."))
    return version


def _check_of_use(workspace: Workspace, version: ProductVersion) -> None:
    """What one holds for good by an order, one need not buy again; packs and what ends may be bought on top."""
    if version.calls is not None:
        return
    held = Grant.objects.filter(workspace=workspace, revoked_at=None, ends_at=None, order__isnull=False)
    if held.filter(tier=version.tier, model=version.model, permissions__contains=version.permissions).exists():
        raise Conflict(_("This workspace holds it already, for good. Nothing would be gained by paying again."))


def _creation(workspace: Workspace, version: ProductVersion, at: datetime) -> Event:
    return Event(
        key=CHECKOUT,
        kind=EventKind.CREATED,
        at=at,
        received_at=at,
        workspace=workspace.public_id,
        product=version.product.slug,
        amount=version.amount,
        currency=version.currency,
    )


def open_checkout(*, order: Order, back: str, by: User) -> Order:
    """Open the provider's page for an order that waits for its money, and note its address. Raises ProviderAway."""
    if order.workspace is None or order.state not in {OrderState.CREATED, OrderState.PENDING}:
        raise Conflict(_("This order does not wait for a payment any more."))
    require(by, Permission.ORDER_WRITE, order.workspace)
    url = provider(order.provider).start_checkout(order, back=back)
    Order.objects.filter(pk=order.pk).update(checkout_url=url)
    order.checkout_url = url
    return order
