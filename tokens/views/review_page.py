"""The page of the review desk, which each of its views answers with: the list, and one access request beside it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import clock
from accounts.access import SignedInRequest
from tiers import snapshot
from tokens.forms.handling import AssignForm, RemarkForm, SnoozeForm, TakeOverForm
from tokens.forms.review import CANNED, DecisionForm
from tokens.models import AccessRequest
from tokens.selectors import review as selectors
from tokens.selectors.review import Filters
from tokens.selectors.review_detail import Detail, detail, find


def show(
    request: SignedInRequest,
    opened: AccessRequest | None,
    *,
    form: DecisionForm | None = None,
    remark_form: RemarkForm | None = None,
    chosen: str = "",
    conflict: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page with that access request open, or the first of the list. A view adds what else its part of the page
    reads as `more`."""
    now, catalogue = clock.now(), snapshot.load()
    filters = _filters(request, opened)
    found = selectors.queue(filters, request.user)
    shown = opened or (find(found.rows[0].public_id) if found.rows else None)
    about = detail(shown, request.user, catalogue, now) if shown else None
    context = {
        "filters": filters,
        "tabs": selectors.tabs(),
        "rows": selectors.rows(found.rows, catalogue, now),
        "pages": found,
        "query": _query(request, filters.tab),
        "opened": opened is not None,
        "h": "h3" if opened is None else "h2",
        "about": about,
        "form": _form(about, form, chosen),
        "remark_form": remark_form or RemarkForm(),
        "canned": CANNED,
        "conflict": conflict,
        **(_handling_forms(about, now) if about else {}),
        **more,
    }
    return render(request, "review/page.html", context, status=status)


def address(request: HttpRequest, access_request: AccessRequest, part: str = "") -> str:
    """The page of a request, among the same filters. The part is always given after a form that had one: else a
    browser would keep the form's."""
    tab = request.GET.get("tab", selectors.PENDING)
    fragment = f"#{part}" if part else ""
    return f"{reverse('review:detail', args=[access_request.public_id])}?{_query(request, tab)}{fragment}"


def onward(request: SignedInRequest, decided: AccessRequest) -> str:
    """Where a reviewer goes after a decision: the next one to decide, else the queue."""
    following = selectors.next_to_decide(decided, request.user)
    return address(request, following, "d-h") if following else reverse("review:queue")


def _handling_forms(about: Detail, now: datetime) -> dict[str, Any]:
    asked = about.access_request
    seen = {"version": asked.version}
    assigned = {**seen, "to": asked.assigned_to.public_id if asked.assigned_to else ""}
    return {
        "take_over_form": TakeOverForm(initial={**seen, "word": _("I will decide this one now.")}),
        "assign_form": AssignForm(initial=assigned, people=about.reviewers),
        "snooze_form": SnoozeForm(initial=seen, now=now),
    }


def _form(about: Detail | None, form: DecisionForm | None, chosen: str) -> DecisionForm | None:
    """What was typed, on the version that is now being looked at."""
    if about is None or (form is None and not about.decidable):
        return None
    if form is None:
        initial = {"version": about.access_request.version, "decision": chosen}
        return DecisionForm(tiers=about.tiers, initial=initial)
    form.data = {**dict(form.data.items()), "version": about.access_request.version}
    return form


def _filters(request: HttpRequest, opened: AccessRequest | None) -> Filters:
    tab = request.GET.get("tab", "")
    if tab not in selectors.TABS:
        tab = selectors.tab_of(opened) if opened else selectors.PENDING
    who = request.GET.get("who", "")
    return Filters(
        tab=tab,
        who=who if who in ("me", "nobody") else "",
        find=request.GET.get("find", "").replace("\0", "").strip()[:100],
        after=request.GET.get("after", "")[:12],
        before=request.GET.get("before", "")[:12],
    )


def _query(request: HttpRequest, tab: str) -> str:
    """The filters as a query string, so that links keep them."""
    query = request.GET.copy()
    for name in list(query):
        if name not in ("who", "find"):
            del query[name]
    query["tab"] = tab
    return query.urlencode()
