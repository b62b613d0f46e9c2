"""Whether payments flow: providers, lags, reconciliations, and what jobs repaired."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, requires
from accounts.clock import now
from accounts.roles import Permission, may
from tiers.selectors import health


@requires(Permission.PAYMENTS_READ)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    context = {
        "standings": health.standings(),
        "lags": health.lags(now()),
        "reports": health.reports(),
        "unannounced": health.unannounced(),
        "repairs": health.repairs(),
        "disagreements": health.disagreements(),
        "may_manage": may(request.user, Permission.PAYMENTS_MANAGE),
    }
    return render(request, "events/health.html", context)
