"""Orders of everybody, for staff: the list, one with all that it follows from, and what staff may do about it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import SignedInRequest, requires
from accounts.clock import now
from accounts.errors import DomainError
from accounts.paging import page_of
from accounts.roles import Permission, may
from tiers.actions.manual_orders import record_credit, record_refund
from tiers.actions.orders import sync_order
from tiers.actions.refunds import GIVES_BACK, refund_at_provider
from tiers.forms.amounts import as_typed
from tiers.forms.staff_orders import PROBLEMS, STATES, CreditForm, OrderFilterForm, RefundForm
from tiers.models import Order, OrderState, Provider
from tiers.payments import provider
from tiers.selectors import orders as selectors
from tiers.selectors import staff_orders
from tiers.views.forms_sent import answer, taken


@requires(Permission.PAYMENTS_READ)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    filters, moment = OrderFilterForm(request.GET).filters(), now()
    page = page_of(request, staff_orders.found(filters), "-id")
    context = {
        "filters": filters,
        "states": STATES,
        "problems": PROBLEMS,
        "providers": Provider.choices,
        "page": page,
        "rows": [selectors.row(order, moment) for order in page.rows],
        "may_manage": may(request.user, Permission.PAYMENTS_MANAGE),
    }
    return render(request, "events/orders.html", context)


@requires(Permission.PAYMENTS_READ)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    order = _order(public_id)
    found = staff_orders.detail(order, now())
    may_manage = may(request.user, Permission.PAYMENTS_MANAGE)
    context = {
        "order": order,
        "found": found,
        "row": selectors.row(order, now()),
        "may_manage": may_manage,
        "may_ask": may_manage and provider(order.provider).ASKS,
        "may_refund": may_manage and _can_refund(order, found.money),
        "may_credit": may_manage and order.state == OrderState.UNFULFILLED and bool(order.problem),
    }
    return render(request, "events/order.html", context)


def _can_refund(order: Order, money: selectors.Money) -> bool:
    return money.kept > 0 and order.provider in {*GIVES_BACK, Provider.MANUAL}


@requires(Permission.PAYMENTS_MANAGE)
@require_POST
def sync(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Ask the provider how it stands, now."""
    order = _order(public_id)
    try:
        after = sync_order(pk=order.pk, ask=True, by=request.user)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        changed = after.changed_at != order.changed_at
        messages.success(request, _("Asked. It has changed.") if changed else _("Asked. Nothing is new."))
    return redirect("events:order", public_id=public_id)


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: SignedInRequest, public_id: str) -> HttpResponse:
    order = _order(public_id)
    money = selectors.money(order)
    by_hand = order.provider == Provider.MANUAL
    initial = {"amount": as_typed(money.kept, money.currency)}
    form = RefundForm(request.POST or None, initial=initial, currency=money.currency, with_reference=by_hand)
    if taken(request, form, lambda: _refunded(request, order, form)) is not None:
        messages.success(request, _("Recorded.") if by_hand else _("Given back."))
        return redirect("events:order", public_id=public_id)
    context = {"order": order, "money": money, "by_hand": by_hand, "possible": _can_refund(order, money)}
    return answer(request, "events/refund.html", form, **context)


def _refunded(request: SignedInRequest, order: Order, form: RefundForm) -> Order:
    given = form.cleaned_data
    if order.provider == Provider.MANUAL:
        values = {"amount": given["amount"], "reference": given["reference"], "note": given["note"]}
        return record_refund(order=order, by=request.user, **values)
    return refund_at_provider(order=order, amount=given["amount"], reason=given["note"], by=request.user)


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def credit(request: SignedInRequest, public_id: str) -> HttpResponse:
    order = _order(public_id)
    form = CreditForm(request.POST or None)
    if taken(request, form, lambda: record_credit(order=order, by=request.user, **form.cleaned_data)) is not None:
        messages.success(request, _("Recorded. The order is settled."))
        return redirect("events:order", public_id=public_id)
    return answer(request, "events/credit.html", form, order=order)


def _order(public_id: str) -> Order:
    return get_object_or_404(selectors.joined(), public_id=public_id)
