"""How reviewers share the work: claim, release, remark."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, requires
from accounts.errors import Conflict, DomainError
from accounts.roles import Permission
from tokens.actions import handling
from tokens.actions.requests import add_message
from tokens.forms.review import RemarkForm
from tokens.models import AccessRequest
from tokens.selectors.review_detail import find
from tokens.views.review_page import address, show


@requires(Permission.REVIEW_DECIDE)
@require_POST
def claim(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _do(request, public_id, handling.claim_request)


@requires(Permission.REVIEW_DECIDE)
@require_POST
def release(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _do(request, public_id, handling.release_request)


def _do(request: SignedInRequest, public_id: str, act: Callable[..., AccessRequest]) -> HttpResponse:
    access_request = find(public_id)
    try:
        act(access_request=access_request, by=request.user)
    except Conflict as error:
        messages.warning(request, str(error.message))
    return HttpResponseRedirect(address(request, access_request))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def remark(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Write to the applicant, or for reviewers only."""
    access_request = find(public_id)
    form = RemarkForm(request.POST)
    if not form.is_valid():
        return show(request, access_request, remark_form=form, status=422)
    try:
        add_message(access_request=access_request, by=request.user, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error.message))
        return show(request, find(public_id), remark_form=form, status=error.status)
    return HttpResponseRedirect(address(request, access_request, "conversation-h"))
