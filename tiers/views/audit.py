"""The audit log: what was done, by whom, on what and why. Read-only, and checked as it is read."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import audit_chain
from accounts.access import SignedInRequest, requires
from accounts.paging import page_of
from accounts.roles import Permission
from tiers.forms.audit import AuditFilterForm
from tiers.selectors import audit


@requires(Permission.AUDIT_READ)
def log(request: SignedInRequest) -> HttpResponse:
    actions = audit.known_actions()
    form = AuditFilterForm(request.GET, actions)
    filters = form.filters()
    page = page_of(request, audit.events(filters, actions), "-id")
    context = {
        "form": form,
        "filters": filters,
        "page": page,
        "entries": [audit.entry(event) for event in page.rows],
        "checkpoint": audit.last_checkpoint(),
    }
    return render(request, "audit/log.html", context)


@requires(Permission.AUDIT_READ)
@require_POST
def verify(request: SignedInRequest) -> HttpResponse:
    """Recompute every chain now. It reads all events: seconds for millions."""
    breaks = audit_chain.verify()
    if not breaks:
        messages.success(request, _("Every chain is whole: no event was altered, removed or put in."))
        return redirect("audit")
    return render(request, "audit/breaks.html", {"breaks": breaks}, status=200)
