"""The limits of one application or of a whole workspace: auditors read them, administrators set them."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts import effect
from accounts.access import SignedInRequest, requires
from accounts.activity import entries
from accounts.clock import now
from accounts.errors import Conflict, Invalid
from accounts.models import Workspace
from accounts.roles import Permission, may
from tiers.facts import NO_LIMITS
from tiers.limit_rules import as_columns
from tokens.actions.limits import lift_limits, set_limits
from tokens.forms.limits import LIFT, OverrideForm
from tokens.models import Application
from tokens.policies import limits as policies
from tokens.selectors import limits as selectors


@requires(Permission.HOLDINGS_READ)
def of_application(request: SignedInRequest, public_id: str) -> HttpResponse:
    application = get_object_or_404(Application.objects.select_related("workspace"), public_id=public_id)
    return _page(request, application.workspace, application)


@requires(Permission.HOLDINGS_READ)
def of_workspace(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _page(request, get_object_or_404(Workspace, public_id=public_id), None)


def _page(request: SignedInRequest, workspace: Workspace, application: Application | None) -> HttpResponse:
    override = selectors.override_of(workspace, application)
    staff = override.limit_facts if override else NO_LIMITS
    form = OverrideForm(request.POST or None, initial=as_columns(staff))
    if request.method == "POST" and form.is_valid() and _changed(request, form, workspace, application):
        return redirect(request.path)
    stands = selectors.stands_on(application, now()) if application else None
    context = {
        "workspace": workspace,
        "application": application,
        "override": override,
        "stands": stands,
        "rows": selectors.rows(stands, staff) if stands else [],
        "named": selectors.named(staff),
        "history": entries(list(selectors.history(workspace, application))),
        "form": form,
        "may_change": may(request.user, Permission.HOLDINGS_CHANGE),
        "why_not": policies.why_not_set(request.user, workspace),
    }
    return render(request, "limits/override.html", context, status=422 if form.is_bound else 200)


def _changed(
    request: SignedInRequest, form: OverrideForm, workspace: Workspace, application: Application | None
) -> bool:
    reason, by = form.cleaned_data["reason"], request.user
    try:
        if form.cleaned_data["act"] == LIFT:
            lift_limits(workspace=workspace, application=application, reason=reason, by=by)
        else:
            limits = form.limits()
            set_limits(workspace=workspace, application=application, limits=limits, reason=reason, by=by)
    except (Invalid, Conflict) as error:
        field = getattr(error, "field", None)
        form.add_error(field if field in form.fields else None, str(error.message))
        return False
    effect.say(request, _("Done."), workspace)
    return True
