"""The sandbox's own page: a checkout as a payment provider would show it, and the levers of whoever tries Trellis."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import clock
from accounts.access import SignedInRequest, demo_only, owned, requires
from accounts.deferred import after_commit
from accounts.errors import DomainError, Invalid, NotFound
from accounts.roles import Permission
from tiers.forms.sandbox import SandboxForm, SilenceForm
from tiers.models import Order, Provider, SandboxMessage, SandboxPayment
from tiers.sandbox import ledger
from tiers.sandbox.ledger import Step
from tiers.sandbox.sending import send_due
from tiers.sandbox.tasks import send_sandbox_messages

# After these the buyer goes back to the shop, as at any checkout.
_LEAVES = {Step.PAY, Step.PAY_LATE, Step.FAIL, Step.CANCEL}


@demo_only
@requires(Permission.ORDER_WRITE)
def checkout(request: SignedInRequest, public_id: str) -> HttpResponse:
    orders = Order.objects.filter(provider=Provider.SANDBOX, sandbox_payment__isnull=False)
    order = owned(request, orders.select_related("workspace", "quoted__product", "sandbox_payment"), public_id)
    if order.quoted is None:
        raise NotFound
    payment = order.sandbox_payment
    if request.method == "POST" and "seconds" in request.POST:
        return _silence(request, order, payment)
    standing = ledger.standing(payment, clock.now())
    form = SandboxForm(request.POST or None, standing=standing, currency=order.quoted.currency)
    if request.method != "POST":
        return _show(request, order, payment, form)
    if not form.is_valid():
        return _show(request, order, payment, form, status=422)
    try:
        step: Step = form.cleaned_data["step"]
        messages = ledger.take_step(order=order, step=step, wish=form.wish)
    except DomainError as error:
        _blame(form, error)
        return _show(request, order, payment, form, status=error.status)
    _tell(payment, messages)
    return redirect(_way_on(payment, step))


def _blame(form: SandboxForm, error: DomainError) -> None:
    field = error.field if isinstance(error, Invalid) else None
    form.add_error(field if field in form.fields else None, forms.ValidationError(str(error.message)))


def _silence(request: SignedInRequest, order: Order, payment: SandboxPayment) -> HttpResponse:
    form = SilenceForm(request.POST)
    if form.is_valid():
        ledger.stay_silent(order=order, seconds=form.cleaned_data["seconds"])
        return redirect(request.path)
    return _show(request, order, payment, None, silence=form, status=422)


def _tell(payment: SandboxPayment, messages: list[SandboxMessage]) -> None:
    """What is due goes out now, from here; the rest when it is due, by a worker, or else by its sweep."""
    send_due(SandboxMessage.objects.filter(payment=payment))
    now = clock.now()
    for at in {message.deliver_at for message in messages if message.deliver_at and message.deliver_at > now}:
        after_commit(send_sandbox_messages, payment.pk, countdown=(at - now).total_seconds())


def _way_on(payment: SandboxPayment, step: Step) -> str:
    if step in _LEAVES and payment.back:
        return payment.back
    return reverse("sandbox", args=[payment.order.public_id])


def _show(
    request: SignedInRequest,
    order: Order,
    payment: SandboxPayment,
    form: SandboxForm | None,
    *,
    silence: SilenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now, version = clock.now(), order.quoted
    standing = ledger.standing(payment, now)
    if version is None:
        raise NotFound
    context = {
        "order": order,
        "version": version,
        "payment": payment,
        "standing": standing,
        "steps": standing.possible(),
        "form": form or SandboxForm(standing=standing, currency=version.currency),
        "silence": silence or SilenceForm(),
        "silent": payment.silent_until is not None and payment.silent_until > now,
        "messages_told": payment.messages.prefetch_related("deliveries"),
        "now": now,
    }
    return render(request, "sandbox/checkout.html", context, status=status)
