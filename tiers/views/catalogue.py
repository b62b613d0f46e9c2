"""Tiers and models: auditors read, administrators change with a reason."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.access import SignedInRequest, requires
from accounts.clock import now
from accounts.errors import Invalid
from accounts.paging import page_of
from accounts.roles import Permission, may
from tiers.actions import catalogue_edits as actions
from tiers.forms.catalogue import (
    CatalogueFilterForm,
    ModelForm,
    NewModelForm,
    NewTierForm,
    TierForm,
    of_model,
    of_tier,
)
from tiers.models import AIModel, Tier
from tiers.selectors import catalogue

MOST_MODELS: Final = 250


@requires(Permission.CATALOGUE_READ)
def index(request: SignedInRequest) -> HttpResponse:
    filters = CatalogueFilterForm(request.GET).filters()
    page = page_of(request, catalogue.models(filters), "name", size=MOST_MODELS)
    moment = now()
    context = {
        "filters": filters,
        "tiers": catalogue.tiers(),
        "operations": catalogue.operations(),
        "page": page,
        "models": [(model, catalogue.state(model, moment)) for model in page.rows],
        "may_change": may(request.user, Permission.CATALOGUE_CHANGE),
    }
    return render(request, "catalogue/index.html", context)


@requires(Permission.CATALOGUE_READ)
def tier(request: SignedInRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Tier, slug=slug)
    form = TierForm(request.POST or None, initial=of_tier(found))

    def save() -> Tier:
        return actions.edit_tier(tier=found, values=form.values, reason=form.cleaned_data["reason"], by=request.user)

    if _done(request, form, save):
        return redirect("catalogue:tier", slug=slug)
    return _show(request, "catalogue/tier.html", form, tier=found, history=catalogue.history(found))


@requires(Permission.CATALOGUE_CHANGE)
def new_tier(request: SignedInRequest) -> HttpResponse:
    form = NewTierForm(request.POST or None, initial={"colour": "seed"})

    def save() -> Tier:
        given = form.cleaned_data
        return actions.add_tier(slug=given["slug"], values=form.values, reason=given["reason"], by=request.user)

    if _done(request, form, save):
        return redirect("catalogue:tier", slug=form.cleaned_data["slug"])
    return _show(request, "catalogue/tier.html", form)


@requires(Permission.CATALOGUE_READ)
def model(request: SignedInRequest, public_id: str) -> HttpResponse:
    rows = AIModel.objects.select_related("tier", "successor").prefetch_related("operations")
    found = get_object_or_404(rows, public_id=public_id)
    form = ModelForm(request.POST or None, initial=of_model(found), tiers=catalogue.tiers())

    def save() -> AIModel:
        given = form.cleaned_data
        served, reason = given["operations"], given["reason"]
        return actions.edit_model(model=found, values=form.values, operations=served, reason=reason, by=request.user)

    if _done(request, form, save):
        return redirect("catalogue:model", public_id=public_id)
    state = catalogue.state(found, now())
    return _show(request, "catalogue/model.html", form, model=found, state=state, history=catalogue.history(found))


@requires(Permission.CATALOGUE_CHANGE)
def new_model(request: SignedInRequest) -> HttpResponse:
    form = NewModelForm(request.POST or None, initial={"cost": 1}, tiers=catalogue.tiers())

    def save() -> AIModel:
        given = form.cleaned_data
        name, served, reason = given["model_name"], given["operations"], given["reason"]
        return actions.add_model(name=name, values=form.values, operations=served, reason=reason, by=request.user)

    if _done(request, form, save):
        return redirect("catalogue")
    return _show(request, "catalogue/model.html", form)


def _done(request: SignedInRequest, form: forms.Form, save: Callable[[], object]) -> bool:
    """Whether the form was sent and taken. What the action refuses stands beside its field afterwards."""
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        save()
    except Invalid as error:
        shown = {"name": "model_name", "tier": "opens"}.get(error.field or "", "")
        field = next((name for name in (shown, error.field) if name in form.fields), None)
        form.add_error(field, str(error.message))
        return False
    messages.success(request, _("Saved. It holds on every gateway already."))
    return True


def _show(request: SignedInRequest, template: str, form: forms.Form, **context: Any) -> HttpResponse:
    may_change = may(request.user, Permission.CATALOGUE_CHANGE)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, "may_change": may_change, **context}, status=status)
