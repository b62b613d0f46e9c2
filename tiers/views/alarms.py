"""Alarms: what a person must look at, in words, and the form that resolves it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import SignedInRequest, requires
from accounts.paging import page_of
from accounts.roles import Permission, may
from tiers.actions.alarms import resolve_alarm
from tiers.forms.alarms import ResolveForm
from tiers.models import Alarm, AlarmKind
from tiers.selectors import alarms as selectors
from tiers.views.forms_sent import answer, taken


@requires(Permission.PAYMENTS_READ)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    state = selectors.RESOLVED if request.GET.get("state") == selectors.RESOLVED else selectors.OPEN
    kind = request.GET.get("kind", "")
    page = page_of(request, selectors.alarms(state, kind), "-id", size=25)
    context = {
        "state": state,
        "kind": kind,
        "kinds": AlarmKind.choices,
        "page": page,
        "rows": selectors.rows(page.rows),
        "may_manage": may(request.user, Permission.PAYMENTS_MANAGE),
    }
    return render(request, "events/alarms.html", context)


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def resolve(request: SignedInRequest, public_id: str) -> HttpResponse:
    alarm = get_object_or_404(Alarm.objects.select_related("order", "event"), public_id=public_id)
    form = ResolveForm(request.POST or None)
    if taken(request, form, lambda: resolve_alarm(alarm=alarm, by=request.user, **form.cleaned_data)) is not None:
        messages.success(request, _("Resolved. It is raised again if it is seen again."))
        return redirect("events:alarms")
    return answer(request, "events/resolve.html", form, alarm=alarm, row=selectors.Row(alarm))
