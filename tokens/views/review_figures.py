"""The page of figures: how the desk does."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.access import SignedInRequest, requires
from accounts.roles import Permission, may
from tokens.selectors.review_figures import SPANS, figures

_USUAL_SPAN = 30


@requires(Permission.REVIEW_READ)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    asked = request.GET.get("days", "")
    days = next((span for span in SPANS if str(span) == asked), _USUAL_SPAN)
    context = {
        "figures": figures(days, clock.now()),
        "spans": SPANS,
        "may_manage": may(request.user, Permission.REVIEW_MANAGE),
    }
    return render(request, "review_figures/index.html", context)
