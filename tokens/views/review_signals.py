"""Signals, gathered anew."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, requires
from accounts.deferred import publish
from accounts.errors import TooMany
from accounts.roles import Permission
from tokens.evidence import tasks
from tokens.evidence.again import check_again
from tokens.policies.requests import check_review
from tokens.selectors.review_detail import find
from tokens.views.review_page import show


@requires(Permission.REVIEW_DECIDE)
@require_POST
def gather(request: SignedInRequest, public_id: str) -> HttpResponse:
    """A worker does it: a website may take seconds to answer. What is found appears on the page by itself."""
    access_request = find(public_id)
    check_review(request.user, access_request)
    try:
        check_again(access_request, request.user)
    except TooMany as error:
        response = show(request, access_request, too_often=str(error.message), status=error.status)
        response["Retry-After"] = str(error.details["retry_after"])
        return response
    publish(tasks.gather, access_request.pk)
    return HttpResponseRedirect(f"{reverse('review:detail', args=[public_id])}?{request.GET.urlencode()}#signals-h")
