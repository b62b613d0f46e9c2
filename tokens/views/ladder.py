"""The ladder of tiers and the catalogue of models, for everybody; and where one stands on it."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, current_workspace, public
from accounts.clock import now
from accounts.models import Workspace
from tiers import snapshot
from tiers.selectors.offers import by_tier, on_sale
from tokens.selectors import ladder as selectors
from tokens.selectors.ladder import Filters


@public
@require_safe
def ladder(request: HttpRequest) -> HttpResponse:
    catalogue, moment = snapshot.kept(), now()
    workspace = _workspace(request)
    stands = selectors.best_standing(workspace, catalogue, moment)
    asked = selectors.open_requests_for_tiers(workspace)
    rows = selectors.model_rows(catalogue, workspace, Filters(), moment)
    context = {
        "rungs": selectors.rungs(catalogue, stands, asked, by_tier(on_sale(moment)), moment),
        "stands": stands,
        "early": selectors.early_rows(rows, workspace, moment),
        "workspace": workspace,
    }
    return render(request, "tiers/ladder.html", context)


@public
@require_safe
def models(request: HttpRequest) -> HttpResponse:
    catalogue, moment = snapshot.kept(), now()
    filters = Filters(
        find=request.GET.get("q", "").strip()[:100],
        family=request.GET.get("family", "")[:60],
        tier=request.GET.get("tier", "")[:40],
        operation=request.GET.get("operation", "")[:40],
    )
    workspace = _workspace(request)
    rows = selectors.model_rows(catalogue, workspace, filters, moment)
    early = selectors.early_rows(rows, workspace, moment)
    only_early = request.GET.get("tab") == "early"
    context = {
        "rows": rows,
        "early": early if only_early or not filters.any else [],
        "number_of_early": len(early),
        "only_early": only_early,
        "filters": filters,
        "families": sorted({model.family for model in catalogue.models.values()}),
        "tiers": sorted(catalogue.tiers.values(), key=lambda tier: tier.rank),
        "operations": list(catalogue.operations.values()),
        "workspace": workspace,
    }
    return render(request, "tiers/models.html", context)


def _workspace(request: HttpRequest) -> Workspace | None:
    return current_workspace(cast(SignedInRequest, request)) if request.user.is_authenticated else None
