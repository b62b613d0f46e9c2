"""Signals, gathered anew."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, requires
from accounts.deferred import publish
from accounts.roles import Permission
from tokens.evidence import tasks
from tokens.policies.requests import check_review
from tokens.selectors.review_detail import find


@requires(Permission.REVIEW_DECIDE)
@require_POST
def gather(request: SignedInRequest, public_id: str) -> HttpResponse:
    """A worker does it: a website may take seconds to answer."""
    access_request = find(public_id)
    check_review(request.user, access_request)
    publish(tasks.gather, access_request.pk)
    messages.info(request, _("Being checked again. Look at the page again in some seconds."))
    return HttpResponseRedirect(f"{reverse('review:detail', args=[public_id])}?{request.GET.urlencode()}#signals-h")
