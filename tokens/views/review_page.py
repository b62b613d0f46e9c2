"""The page of the review desk, which each of its views answers with: the list, and one access request beside it."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from accounts import clock
from accounts.access import SignedInRequest
from tiers import snapshot
from tiers.facts import Catalogue
from tokens.forms.handling import AssignForm, RemarkForm, SnoozeForm, TakeOverForm
from tokens.forms.review import DecisionForm
from tokens.models import AccessRequest, Decision
from tokens.policies.decisions import needs_two
from tokens.selectors import decisions
from tokens.selectors import review as selectors
from tokens.selectors.replies import Offered, offered
from tokens.selectors.review import Tab
from tokens.selectors.review_choices import choices
from tokens.selectors.review_detail import Detail, detail
from tokens.selectors.review_filters import PENDING, Filters, read, tab_of
from tokens.selectors.review_misread import notice
from tokens.selectors.review_rows import rows
from tokens.selectors.review_tools import tools


def show(
    request: SignedInRequest,
    opened: AccessRequest,
    *,
    form: DecisionForm | None = None,
    remark_form: RemarkForm | None = None,
    chosen: str = "",
    conflict: str = "",
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The page with that access request open. In a page that stands already, its part alone; `beside` in the address
    says that it is not what was opened, but what the list begins with. A view adds what else its part of the page reads
    as `more`."""
    now, catalogue = snapshot.kept_now()
    filters = filters_of(request, opened, now)
    alone = request.headers.get("HX-Target") == "detail" and status == HTTPStatus.OK
    beside = alone and "beside" in request.GET
    context = _frame(filters, now) if alone else listed(request, filters, catalogue, now)
    first = decisions.endorsement(opened)
    about = detail(opened, request.user, catalogue, now, first)
    approvals = _approvals(opened, about, first, now)
    canned = offered(opened, request.user.locale) if about.decidable else []
    context |= {
        "opened": not beside,
        "h": "h3" if beside else "h2",
        "about": about,
        "form": _form(about, form, chosen, first, _inserted(request, canned)),
        "remark_form": remark_form or RemarkForm(),
        "canned": canned,
        "gave_first": first is not None and first.by_id == request.user.pk,
        "conflict": conflict,
        **approvals,
        **_handling_forms(about, now),
        **more,
    }
    template = "review/alone.html" if alone else "review/page.html"
    return vary(render(request, template, context, status=status))


def show_list(request: SignedInRequest) -> HttpResponse:
    """The page with the list alone. What it begins with is fetched after it, where there is room for it."""
    now, catalogue = snapshot.kept_now()
    context = listed(request, filters_of(request, None, now), catalogue, now)
    return vary(render(request, "review/page.html", context))


def listed(request: SignedInRequest, filters: Filters, catalogue: Catalogue, now: datetime) -> dict[str, Any]:
    found = selectors.queue(filters, request.user, now)
    around = tools(request.user, now)
    request.to_decide = around.counts[PENDING]
    return _frame(filters, now) | {
        "tabs": tabs(filters, around.counts),
        "rows": rows([asked.pk for asked in found.rows], request.user, catalogue, now),
        "pages": found,
        "choices": choices(filters, catalogue, around),
        "misread": notice(request.GET, filters, catalogue, around, request.user),
        "views": around.views,
        "undo": decisions.offered(around.decision, request.user, now),
    }


def _frame(filters: Filters, now: datetime) -> dict[str, Any]:
    return {
        "filters": filters,
        "base": filters.query(),
        "query": filters.query(paged=True),
        "at": now.isoformat(),
    }


def tabs(filters: Filters, counts: Mapping[str, str]) -> list[tuple[Tab, str]]:
    """Each with the query string that keeps the other filters."""
    return [(tab, filters.on(tab.slug).query()) for tab in selectors.tabs(counts)]


def vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def filters_of(request: HttpRequest, opened: AccessRequest | None, now: datetime) -> Filters:
    return read(request.GET, tab_of(opened, now) if opened else PENDING)


def _approvals(shown: AccessRequest, about: Detail, first: Decision | None, now: datetime) -> dict[str, Any]:
    """Whether two have to approve it, who was the first, and whether it can be undone or reopened."""
    if not about.decidable:
        reopenable = shown.decided_at is not None and not about.refused
        decision = decisions.latest(shown) if shown.decided_at else None
        rules = None if about.refused else decisions.offer_of_a_rule(decision, now)
        return {"reopenable": reopenable, "decision": decision, "rules": rules}
    return {"needs_two": needs_two(shown), "endorsement": first}


def address(request: HttpRequest, access_request: AccessRequest, part: str = "") -> str:
    """The page of a request, among the same filters. The part is always given after a form that had one: else a
    browser would keep the form's."""
    fragment = f"#{part}" if part else ""
    query = read(request.GET).query(paged=True)
    return f"{reverse('review:detail', args=[access_request.public_id])}?{query}{fragment}"


def onward(request: SignedInRequest, decided: AccessRequest) -> str:
    """Where a reviewer goes after a decision: the next one to decide among the same filters, else the queue."""
    filters = read(request.GET)
    following = selectors.next_to_decide(filters, decided, request.user, clock.now())
    return address(request, following, "d-h") if following else f"{reverse('review:queue')}?{filters.query()}"


def _handling_forms(about: Detail, now: datetime) -> dict[str, Any]:
    asked = about.access_request
    seen = {"version": asked.version}
    assigned = {**seen, "to": asked.assigned_to.public_id if asked.assigned_to else ""}
    return {
        "take_over_form": TakeOverForm(initial={**seen, "word": _("I will decide this one now.")}),
        "assign_form": AssignForm(initial=assigned, people=about.reviewers),
        "snooze_form": SnoozeForm(initial=seen, now=now),
    }


def _form(
    about: Detail, form: DecisionForm | None, chosen: str, first: Decision | None, note: str
) -> DecisionForm | None:
    """What was typed, on the version that is now being looked at."""
    if form is None and not about.decidable:
        return None
    if form is None:
        initial: dict[str, Any] = {"version": about.access_request.version, "decision": chosen}
        if note:
            initial["note"] = note
        form = DecisionForm(tiers=about.tiers, models=about.models, first=first, initial=initial)
    else:
        typed = QueryDict(mutable=True)
        typed.update(form.data)
        typed["version"] = str(about.access_request.version)
        form.data = typed
    form.offer(about.models, about.changes.opened)
    return form


def _inserted(request: HttpRequest, canned: list[Offered]) -> str:
    """Where there is no script, a link begins the note with a reply."""
    chosen = request.GET.get("reply", "")
    return next((reply.text for reply in canned if reply.public_id == chosen), "")
