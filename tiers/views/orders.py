"""A workspace's orders: the list, one with its story, the way back from the provider, the receipt, the subscription."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.access import SignedInRequest, owned, requires
from accounts.clock import now
from accounts.errors import DomainError
from accounts.paging import page_of
from accounts.roles import Permission, may
from tiers import order_policies as policies
from tiers.actions.order_checks import check_order
from tiers.actions.subscriptions import cancel_subscription, resume_subscription
from tiers.durations import spoken
from tiers.models import Order
from tiers.offers import refund_rule
from tiers.payments import ProviderAway
from tiers.selectors import orders as selectors
from tiers.selectors.order_timeline import story

PAGE_SIZE: Final = 30
# How often an open page asks, by how long the order has waited: (up to, every so many seconds).
PACES: Final = ((timedelta(minutes=1), 2), (timedelta(minutes=10), 10))
SLOWEST_PACE: Final = 60
SLOW_AFTER: Final = timedelta(seconds=15)


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    moment = now()
    tab = request.GET.get("tab", "")
    tab = tab if tab in selectors.TABS else selectors.ALL
    found = page_of(request, selectors.orders(request.workspace, tab, moment), "-id", size=PAGE_SIZE)
    context = {
        "rows": [selectors.row(order, moment) for order in found.rows],
        "page": found,
        "tab": tab,
        "counts": selectors.counts(request.workspace, moment),
    }
    return render(request, "orders/list.html", context)


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    order = owned(request, selectors.joined(), public_id)
    return _detail(request, order, away="away" in request.GET)


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def returned(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Where the provider sends the buyer back to. Asks it how the order stands, and does not wait for its message."""
    order = owned(request, selectors.joined(), public_id)
    return _to(order, _is_away(request, order, known=False))


@requires(Permission.WORKSPACE_VIEW)
@require_POST
@vary_on_headers("HX-Request")
def check(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Ask again: the page does so by itself, and a button without script. 204 where nothing is new, so that nothing
    on the page moves or is read out again."""
    order = owned(request, selectors.joined(), public_id)
    away = _is_away(request, order, known="away" in request.POST)
    order = owned(request, selectors.joined(), public_id)
    if not request.headers.get("HX-Request"):
        return _to(order, away)
    if request.POST.get("seen") == _version(order, now(), away):
        return HttpResponse(status=204)
    return _detail(request, order, away=away)


def _is_away(request: SignedInRequest, order: Order, *, known: bool) -> bool:
    """Whether the provider does not answer; `known` as before, where it is not asked just now."""
    try:
        asked = check_order(order=order, by=request.user)
    except ProviderAway:
        return True
    return known and asked is None


def _to(order: Order, away: bool) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{address(order)}{'?away=1' if away else ''}")


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def receipt(request: SignedInRequest, public_id: str) -> HttpResponse:
    order = owned(request, selectors.joined(), public_id)
    context = {"row": selectors.row(order, now()), "order": order, "money": selectors.money(order)}
    return render(request, "orders/receipt.html", context)


@requires(Permission.ORDER_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: SignedInRequest, public_id: str) -> HttpResponse:
    """A page that says what will happen, then the act."""
    order = owned(request, selectors.joined(), public_id)
    if request.method != "POST":
        if not policies.can_cancel(order):
            return to_order(order)
        return render(request, "orders/cancel.html", {"order": order, "row": selectors.row(order, now())})
    try:
        cancel_subscription(order=order, by=request.user)
    except DomainError as error:
        return _said(request, order, error)
    messages.success(request, _("Cancelled. It stays open to the end of what was paid for, and renews no more."))
    return to_order(order)


@requires(Permission.ORDER_WRITE)
@require_POST
def resume(request: SignedInRequest, public_id: str) -> HttpResponse:
    order = owned(request, selectors.joined(), public_id)
    try:
        resume_subscription(order=order, by=request.user)
    except DomainError as error:
        return _said(request, order, error)
    messages.success(request, _("It renews again."))
    return to_order(order)


def _said(request: SignedInRequest, order: Order, error: DomainError) -> HttpResponse:
    messages.error(request, str(error.message))
    return to_order(order)


def address(order: Order) -> str:
    return reverse("orders:detail", args=[order.public_id])


def provider_page(order: Order) -> str:
    """The provider's page. One of our own (the sandbox) is named without its host: whoever came by another name of this
    machine stays there, signed in, and no policy of where forms may lead stands in the way."""
    return order.checkout_url.removeprefix(settings.SITE_URL)


def to_order(order: Order) -> HttpResponse:
    return HttpResponseRedirect(address(order))


def _detail(request: SignedInRequest, order: Order, *, away: bool) -> HttpResponse:
    moment = now()
    told = story(order)
    waits = order.unsettled_since is not None
    offer = order.version or order.quoted
    context = {
        "row": selectors.row(order, moment),
        "order": order,
        "story": told,
        "allowed_in": spoken(told.allowed_in) if told.allowed_in is not None else "",
        "ours": spoken(told.ours) if told.ours is not None else "",
        "money": selectors.money(order),
        "refund_rule": refund_rule(offer) if offer else "",
        "grants": selectors.grants_of(order),
        "provider_page": provider_page(order),
        "waits": waits,
        "away": away and waits,
        "slow": waits and moment - (order.unsettled_since or moment) > SLOW_AFTER,
        "pace": _pace(order, moment),
        "version": _version(order, moment, away),
        "may_pay": policies.can_pay(order) and may(request.user, Permission.ORDER_WRITE, order.workspace),
        "may_cancel": policies.can_cancel(order),
        "may_resume": policies.can_resume(order),
    }
    return render(request, "orders/detail.html", context)


def _pace(order: Order, moment: datetime) -> int:
    waited = moment - (order.unsettled_since or moment)
    return next((seconds for most, seconds in PACES if waited < most), SLOWEST_PACE)


def _version(order: Order, moment: datetime, away: bool) -> str:
    """What an open page has seen. It changes whenever something on the page would."""
    waited = moment - (order.unsettled_since or moment)
    parts = (order.changed_at.timestamp(), order.state, _pace(order, moment), away, waited > SLOW_AFTER)
    return "-".join(str(part) for part in parts)
