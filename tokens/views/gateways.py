"""Gateways and their keys. A key is shown once, in the answer to the form that made it, and never kept."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.access import SignedInRequest, requires
from accounts.clock import now
from accounts.errors import Conflict, Invalid
from accounts.paging import page_of
from accounts.reauthentication import reauthenticated
from accounts.roles import Permission
from tokens.actions import gateways as actions
from tokens.actions.gateways import MintedGateway
from tokens.forms.gateways import GatewayForm, RevokeForm, RotateForm, of_gateway
from tokens.models import Gateway
from tokens.selectors import gateways as selectors

T = TypeVar("T")


@requires(Permission.GATEWAY_MANAGE)
def index(request: SignedInRequest) -> HttpResponse:
    page = page_of(request, selectors.gateways(), "-id")
    return render(request, "gateways/list.html", {"page": page, "rows": selectors.rows(page.rows, now())})


@requires(Permission.GATEWAY_MANAGE)
@reauthenticated
@never_cache
def new(request: SignedInRequest) -> HttpResponse:
    form = GatewayForm(request.POST or None)
    minted = _taken(request, form, lambda: actions.add_gateway(by=request.user, **form.cleaned_data))
    if minted is not None:
        return _reveal(request, minted)
    return _form(request, "gateways/new.html", form)


@requires(Permission.GATEWAY_MANAGE)
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    gateway = _gateway(public_id)
    context = {
        "row": selectors.row(gateway, now()),
        "gateway": gateway,
        "history": selectors.history(gateway),
        **_how_to_ask(gateway),
    }
    return render(request, "gateways/detail.html", context)


@requires(Permission.GATEWAY_MANAGE)
@reauthenticated
def edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    gateway = _gateway(public_id)
    form = GatewayForm(request.POST or None, initial=of_gateway(gateway))
    saved = _taken(
        request, form, lambda: actions.edit_gateway(gateway=gateway, values=form.cleaned_data, by=request.user)
    )
    if saved is not None:
        messages.success(request, _("Saved. It holds from the next call."))
        return redirect("gateways:detail", public_id=public_id)
    return _form(request, "gateways/edit.html", form, gateway=gateway)


@requires(Permission.GATEWAY_MANAGE)
@reauthenticated
@never_cache
def rotate(request: SignedInRequest, public_id: str) -> HttpResponse:
    gateway = _gateway(public_id)
    form = RotateForm(request.POST or None)
    minted = _taken(
        request,
        form,
        lambda: actions.rotate_gateway_key(gateway=gateway, overlap=form.cleaned_data["overlap"], by=request.user),
    )
    if minted is not None:
        return _reveal(request, minted)
    return _form(request, "gateways/rotate.html", form, gateway=gateway, row=selectors.row(gateway, now()))


@requires(Permission.GATEWAY_MANAGE)
@reauthenticated
def revoke(request: SignedInRequest, public_id: str) -> HttpResponse:
    gateway = _gateway(public_id)
    form = RevokeForm(request.POST or None)
    revoked = _taken(
        request,
        form,
        lambda: actions.revoke_gateway(gateway=gateway, reason=form.cleaned_data["reason"], by=request.user),
    )
    if revoked is not None:
        messages.success(request, _("Revoked. Its key is refused from now on."))
        return redirect("gateways:detail", public_id=public_id)
    return _form(request, "gateways/revoke.html", form, gateway=gateway)


def _gateway(public_id: str) -> Gateway:
    return get_object_or_404(selectors.gateways(), public_id=public_id)


def _taken(request: SignedInRequest, form: forms.Form, act: Callable[[], T]) -> T | None:
    """What the action made of a form that was sent; None if there was none, or it was refused (the form says why)."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return act()
    except (Invalid, Conflict) as error:
        field = getattr(error, "field", None)
        form.add_error(field if field in form.fields else None, str(error.message))
        return None


def _form(request: SignedInRequest, template: str, form: forms.Form, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def _reveal(request: SignedInRequest, minted: MintedGateway) -> HttpResponse:
    """In the answer itself: an address or a session that led to the key would be a second copy of it."""
    gateway = _gateway(minted.gateway.public_id)
    context = {
        "gateway": gateway,
        "row": selectors.row(gateway, now()),
        "text": minted.text,
        **_how_to_ask(gateway),
    }
    return render(request, "gateways/reveal.html", context)


def _how_to_ask(gateway: Gateway) -> dict[str, Any]:
    return {"sent": selectors.sent_by(gateway), "site_url": settings.SITE_URL}
