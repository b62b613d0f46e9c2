"""The decisions of a reviewer: what was typed is kept whatever stands in the way."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.access import SignedInRequest, requires
from accounts.errors import Conflict, Invalid
from accounts.roles import Permission
from tokens.actions import reviews
from tokens.forms.review import APPROVED, CHANGES, DecisionForm
from tokens.models import AccessRequest
from tokens.selectors.review_detail import find, tiers_to_grant
from tokens.views.review_page import onward, show

DONE = {
    "approved": gettext_lazy("%(application)s approved. It works already, on every gateway."),
    "rejected": gettext_lazy("%(application)s rejected. The applicant is told why."),
    "changes_requested": gettext_lazy("The applicant of %(application)s is asked for changes."),
}


@requires(Permission.REVIEW_DECIDE)
@require_POST
def decide(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Carry the decision out and open the next one. What cannot be done is said above what was typed."""
    access_request = find(public_id)
    form = DecisionForm(request.POST, tiers=tiers_to_grant(access_request))
    if not form.is_valid():
        return show(request, access_request, form=form, status=422)
    try:
        decided = _carry_out(form, access_request, request)
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return show(request, access_request, form=form, status=error.status)
    except Conflict as error:
        return show(request, find(public_id), form=form, conflict=str(error.message), status=error.status)
    messages.success(request, str(DONE[decided.state]) % {"application": decided.application.name})
    return HttpResponseRedirect(onward(request, decided))


def _carry_out(form: DecisionForm, access_request: AccessRequest, request: SignedInRequest) -> AccessRequest:
    values = form.cleaned_data
    if values["decision"] == APPROVED:
        return reviews.approve_request(
            access_request=access_request,
            version=values["version"],
            tier=form.tier_chosen(),
            until=form.ends_at(clock.now()),
            limits=form.limits(),
            note=values["note"],
            by=request.user,
        )
    version, note, by = values["version"], values["note"], request.user
    if values["decision"] == CHANGES:
        return reviews.ask_for_changes(access_request=access_request, version=version, text=note, by=by)
    return reviews.reject_request(access_request=access_request, version=version, reason=note, by=by)
