"""Home, by who comes: a visitor, a developer, those who review, those who audit."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, current_workspace, public
from accounts.clock import now
from accounts.policies import can_be_reached
from accounts.roles import Permission, may
from tiers import snapshot
from tiers.selectors.orders import needs_attention
from tiers.selectors.orders import row as order_row
from tokens.policies.applications import why_not_create
from tokens.selectors import allowances, portal, usage
from tokens.selectors import applications as selectors
from tokens.selectors.requests import place_in_line
from tokens.selectors.tokens import SOON

ORDERS_SHOWN = 3
ALLOWANCES_SHOWN = 5


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "portal/welcome.html")
    signed_in = cast(SignedInRequest, request)
    if may(signed_in.user, Permission.REVIEW_DECIDE):
        return redirect("review:queue")
    if may(signed_in.user, Permission.HOLDINGS_READ):
        return redirect("holdings")
    signed_in.workspace = current_workspace(signed_in)
    return _developer(signed_in)


def _developer(request: SignedInRequest) -> HttpResponse:
    moment, workspace = now(), request.workspace
    why_not = why_not_create(request.user, workspace)
    found = selectors.applications(workspace, snapshot.kept(), moment)
    waiting = portal.open_request(workspace)
    stands = {row.application.pk: row.stands for row in found.rows}
    context = {
        "page": found,
        "now": moment,
        "soon": moment + SOON,
        "asked": waiting,
        "place": place_in_line(waiting, moment) if waiting else None,
        "steps": portal.first_steps(workspace),
        "decided": portal.lately_decided(workspace, moment),
        "orders": [order_row(order, moment) for order in needs_attention(workspace).order_by("-pk")[:ORDERS_SHOWN]],
        "calls": usage.of_workspace(workspace, moment.date()),
        "allowances": allowances.nearest_to_their_end(
            allowances.of_applications(workspace, [row.application for row in found.rows], stands, moment)
        )[:ALLOWANCES_SHOWN],
        "packs": allowances.packs(workspace, moment),
        "may_manage": may(request.user, Permission.TOKEN_MANAGE, workspace),
        "why_not": why_not,
        "reachable": why_not is None or can_be_reached(request.user),
    }
    return render(request, "portal/home.html", context)
