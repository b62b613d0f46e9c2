"""The review desk: the queue, one access request with the evidence beside the form, and what a reviewer does."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, requires
from accounts.errors import Conflict, DomainError
from accounts.roles import Permission
from tokens.actions import reviews
from tokens.actions.requests import add_message
from tokens.forms.review import RemarkForm
from tokens.selectors.review_detail import find
from tokens.views.review_page import address, show


@requires(Permission.REVIEW_READ)
@require_safe
def queue(request: SignedInRequest) -> HttpResponse:
    """The list, with the first of it open beside it where there is room."""
    return show(request, None)


@requires(Permission.REVIEW_READ)
@require_safe
def one(request: SignedInRequest, public_id: str) -> HttpResponse:
    return show(request, find(public_id), chosen=request.GET.get("decision", ""))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def claim(request: SignedInRequest, public_id: str) -> HttpResponse:
    access_request = find(public_id)
    try:
        reviews.claim_request(access_request=access_request, by=request.user)
    except Conflict as error:
        messages.warning(request, str(error.message))
    return HttpResponseRedirect(address(request, access_request))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def release(request: SignedInRequest, public_id: str) -> HttpResponse:
    access_request = find(public_id)
    try:
        reviews.release_request(access_request=access_request, by=request.user)
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
