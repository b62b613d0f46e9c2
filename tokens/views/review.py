"""The review desk: the queue, one access request with the evidence beside the form, and what a reviewer does."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, requires
from accounts.roles import Permission
from tokens.actions.mentions import mark_seen
from tokens.selectors.review_detail import find
from tokens.views.review_page import show


@requires(Permission.REVIEW_READ)
@require_safe
def queue(request: SignedInRequest) -> HttpResponse:
    """The list, with the first of it open beside it where there is room."""
    return show(request, None)


@requires(Permission.REVIEW_READ)
@require_safe
def one(request: SignedInRequest, public_id: str) -> HttpResponse:
    access_request = find(public_id)
    mark_seen(access_request, request.user)
    return show(request, access_request, chosen=request.GET.get("decision", ""))
