"""Deciding many access requests in one go: what each decision would do, then what each did."""

from typing import Final

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.access import SignedInRequest, requires
from accounts.ids import new_public_id
from accounts.roles import Permission
from tiers import snapshot
from tokens.actions.bulk import MOST, Item, decide_many
from tokens.forms.review import APPROVED, CHANGES, BulkForm
from tokens.models import Outcome
from tokens.selectors import bulk as selectors
from tokens.selectors import decisions

_OUTCOMES: Final = {APPROVED: Outcome.APPROVED, CHANGES: Outcome.CHANGES_REQUESTED}


@requires(Permission.REVIEW_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        ids = [*request.GET.getlist("id"), *request.GET.get("ids", "").split(",")]
        return _preview(request, [given for given in ids if given], BulkForm(initial={"batch": new_public_id()}))
    seen = _seen(request.POST.getlist("item"))
    form = BulkForm(request.POST)
    if not form.is_valid() or len(seen) > MOST:
        return _preview(request, list(seen), form, status=422)
    items = [Item(found, seen[found.public_id]) for found in selectors.chosen(list(seen))]
    results = decide_many(
        items=items,
        outcome=_OUTCOMES.get(form.cleaned_data["decision"], Outcome.REJECTED),
        text=form.text,
        until=form.ends_at(clock.now()),
        batch=form.cleaned_data["batch"],
        by=request.user,
    )
    results.sort(key=lambda result: not result.refused)  # What is left to do stands on top.
    undo = decisions.offer(request.user, clock.now())
    done = sum(1 for result in results if not result.refused)
    return render(request, "review/bulk_done.html", {"results": results, "done": done, "undo": undo})


def _seen(items: list[str]) -> dict[str, int]:
    """Public ids, and the version of each that was previewed."""
    pairs = (item.partition(":") for item in items)
    return {public_id: int(version) for public_id, _, version in pairs if version.isascii() and version.isdecimal()}


def _preview(request: SignedInRequest, ids: list[str], form: BulkForm, status: int = 200) -> HttpResponse:
    """With more than the most, nothing can be sent: to leave some out silently would decide what nobody meant."""
    ids = list(dict.fromkeys(ids))
    found = selectors.chosen(ids[:MOST])
    lines = selectors.lines(found, request.user, snapshot.kept(), clock.now())
    context = {
        "lines": lines,
        "decidable": sum(1 for line in lines if not line.refused),
        "form": form,
        "most": MOST,
        "too_many": len(ids) > MOST,
        "missing": min(len(ids), MOST) - len(found),
    }
    return render(request, "review/bulk.html", context, status=422 if len(ids) > MOST else status)
