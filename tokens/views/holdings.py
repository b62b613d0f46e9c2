"""Who stands on which tier and holds which models, by which source: auditors read, administrators give and take."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts import effect
from accounts.access import SignedInRequest, requires
from accounts.clock import now
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.paging import page_of
from accounts.roles import Permission, may
from tiers.actions.grants import give_grant, resume_grant, revoke_grant, suspend_grant
from tiers.models import AIModel, Grant, GrantSource, Tier
from tokens.forms.holdings import STATES, ChangeForm, GiveForm, HoldingsFilterForm
from tokens.selectors import holdings

ACTS = {"suspend": suspend_grant, "resume": resume_grant, "revoke": revoke_grant}


@requires(Permission.HOLDINGS_READ)
def index(request: SignedInRequest) -> HttpResponse:
    form = HoldingsFilterForm(request.GET)
    filters, moment = form.filters(), now()
    page = page_of(request, holdings.grants(filters, moment), "-id")
    context = {
        "filters": filters,
        "states": STATES,
        "sources": GrantSource.choices,
        "tiers": Tier.objects.order_by("rank"),
        "models": AIModel.objects.order_by("name").values_list("name", flat=True),
        "page": page,
        "rows": holdings.rows(page.rows, moment),
        "may_change": may(request.user, Permission.HOLDINGS_CHANGE),
    }
    return render(request, "holdings/list.html", context)


@requires(Permission.HOLDINGS_CHANGE)
def new(request: SignedInRequest) -> HttpResponse:
    form = GiveForm(request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        grant = _given(request, form)
        if grant is not None:
            messages.success(request, _("Given. It works already, on every gateway."))
            return redirect("holdings:detail", public_id=grant.public_id)
    return render(request, "holdings/new.html", {"form": form}, status=422 if form.is_bound else 200)


def _given(request: SignedInRequest, form: GiveForm) -> Grant | None:
    given = form.cleaned_data
    names = ("workspace", "tier", "model", "application_id", "permissions", "starts_at", "ends_at", "reason")
    values = {name: given[name] for name in names} | {"limits": form.limits()}
    try:
        return give_grant(source=GrantSource.MANUAL, source_id=given["key"], by=request.user, **values)
    except (Invalid, Conflict, NotAllowed) as error:
        field = {"until": "ends_at"}.get(getattr(error, "field", None) or "", getattr(error, "field", None))
        form.add_error(field if field in form.fields else None, str(error.message))
        return None


@requires(Permission.HOLDINGS_READ)
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    rows = Grant.objects.select_related("workspace", "tier", "model", "created_by", "revoked_by")
    grant = get_object_or_404(rows, public_id=public_id)
    form = ChangeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _changed(request, form, grant):
        return redirect("holdings:detail", public_id=public_id)
    context = {
        "form": form,
        "found": holdings.provenance(grant, now()),
        "grant": grant,
        "may_change": may(request.user, Permission.HOLDINGS_CHANGE),
        "may_review": may(request.user, Permission.REVIEW_READ),
    }
    return render(request, "holdings/detail.html", context, status=422 if form.is_bound else 200)


def _changed(request: SignedInRequest, form: ChangeForm, grant: Grant) -> bool:
    try:
        ACTS[form.cleaned_data["act"]](grant=grant, reason=form.cleaned_data["reason"], by=request.user)
    except (Invalid, Conflict) as error:
        form.add_error(None, str(error.message))
        return False
    effect.say(request, _("Done."), grant.workspace)
    return True
