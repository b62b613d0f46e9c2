"""All orders as staff see them, and one with everything that its state follows from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from accounts.activity import Entry, entries
from accounts.ids import is_public_id
from accounts.models import AuditEvent, Workspace
from tiers.models import Alarm, Grant, Order, OrderEvent, Problem, ProductVersion, ProviderEvent
from tiers.order_states import Derived, derive
from tiers.order_words import Told
from tiers.selectors import order_facts, orders
from tiers.selectors.events import Member

MOST_NAMED: Final = 100
MOST_TOLD: Final = 100
ANY_PROBLEM: Final = "any"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for; empty filters nothing. `problem` is one of them, or `any`."""

    state: str = ""
    problem: str = ""
    provider: str = ""
    workspace: str = ""
    product: str = ""
    find: str = ""

    @property
    def any(self) -> bool:
        return self != Filters()


def found(filters: Filters) -> QuerySet[Order]:
    rows = orders.joined().filter(_of(filters.workspace), _about(filters.find))
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.problem:
        rows = rows.exclude(problem="") if filters.problem == ANY_PROBLEM else rows.filter(problem=filters.problem)
    if filters.provider:
        rows = rows.filter(provider=filters.provider)
    if filters.product:
        versions = ProductVersion.objects.filter(product__slug=filters.product).values_list("pk", flat=True)
        rows = rows.filter(version_id__in=list(versions))
    return rows


def _of(workspace: str) -> Q:
    if not workspace:
        return Q()
    named = Workspace.objects.filter(
        Q(public_id=workspace) | Q(name__icontains=workspace) | Q(personal_of__email__iexact=workspace)
    )
    return Q(workspace_id__in=list(named.values_list("pk", flat=True)[:MOST_NAMED]))


def _about(text: str) -> Q:
    """By our id, or any id by which its provider names it; whole, so that an index finds it."""
    if not text:
        return Q()
    known = Q(reference=text) | Q(references__reference=text)
    if is_public_id(text):
        known |= Q(public_id=text)
    return Q(pk__in=list(Order.objects.filter(known).values_list("pk", flat=True)[:MOST_NAMED]))


@dataclass(frozen=True, slots=True)
class Detail:
    """`derived` is reckoned anew from the events as the page is read; `agrees`: the order says the same."""

    order: Order
    told: Told
    members: list[Member]
    derived: Derived
    agrees: bool
    money: orders.Money
    grants: list[Grant]
    inbox: list[ProviderEvent]
    alarms: list[Alarm]
    references: list[str]
    changes: list[Entry]


def detail(order: Order, now: datetime) -> Detail:
    rows = OrderEvent.objects.filter(order=order).select_related("inbox").defer("inbox__body", "inbox__headers")
    derived = _derived(order, now)
    grants = orders.grants_of(order)
    return Detail(
        order=order,
        told=orders.row(order, now).told,
        members=[Member(row, _said(derived.set_aside.get(row.key))) for row in rows.order_by("at", "pk")[:MOST_TOLD]],
        derived=derived,
        agrees=_agrees(order, derived),
        money=orders.money(order),
        grants=grants,
        inbox=list(ProviderEvent.objects.filter(order=order).defer("body", "headers").order_by("-pk")[:MOST_TOLD]),
        alarms=list(Alarm.objects.filter(order=order).select_related("resolved_by").order_by("-pk")[:MOST_TOLD]),
        references=list(order.references.order_by("pk").values_list("reference", flat=True)[:MOST_TOLD]),
        changes=entries(_history(order, grants)),
    )


def _said(problem: Problem | None) -> str:
    return str(problem.label) if problem is not None else ""


def _derived(order: Order, now: datetime) -> Derived:
    """What the set of events comes to at this moment; six queries, however many events there are."""
    events = order_facts.events(order)
    return derive(
        events,
        now=now,
        offers=order_facts.offers(event.product for event in events if event.product),
        workspaces=order_facts.existing_workspaces(event.workspace for event in events if event.workspace),
        quoted=order_facts.offer(order.quoted) if order.quoted else None,
    )


def _agrees(order: Order, derived: Derived) -> bool:
    """A subscription whose end has passed is called ended by whoever asks next: that is no disagreement."""
    ours = (order.problem, order.holds, order.settled_at, order.ends_at, order.refunded)
    theirs = (derived.problem or "", derived.holds, derived.settled_at, derived.ends_at, derived.refunded)
    return ours == theirs


def _history(order: Order, grants: list[Grant]) -> list[AuditEvent]:
    about = Q(subject_type="Order", subject_id=order.public_id)
    about |= Q(subject_type="Grant", subject_id__in=[grant.public_id for grant in grants])
    return list(AuditEvent.objects.filter(about).select_related("actor").order_by("-pk")[:50])
