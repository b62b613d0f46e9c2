"""The review desk: the queue, one access request with the evidence beside the form, and what a reviewer does."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import clock
from accounts.access import SignedInRequest, requires
from accounts.errors import Conflict, DomainError, Invalid
from accounts.roles import Permission
from tiers import snapshot
from tokens.actions import reviews
from tokens.actions.requests import add_message
from tokens.forms.review import APPROVED, CANNED, CHANGES, DecisionForm, RemarkForm
from tokens.models import AccessRequest
from tokens.selectors import review as selectors
from tokens.selectors.review import Filters
from tokens.selectors.review_detail import Detail, detail, find, tiers_to_grant

DONE = {
    "approved": gettext_lazy("%(application)s approved. It works already, on every gateway."),
    "rejected": gettext_lazy("%(application)s rejected. The applicant is told why."),
    "changes_requested": gettext_lazy("The applicant of %(application)s is asked for changes."),
}


@requires(Permission.REVIEW_READ)
@require_safe
def queue(request: SignedInRequest) -> HttpResponse:
    """The list, with the first of it open beside it where there is room."""
    return _page(request, None)


@requires(Permission.REVIEW_READ)
@require_safe
def one(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _page(request, find(public_id), chosen=request.GET.get("decision", ""))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def decide(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Carry the decision out and open the next one. What cannot be done is said above what was typed."""
    access_request = find(public_id)
    form = DecisionForm(request.POST, tiers=tiers_to_grant(access_request))
    if not form.is_valid():
        return _page(request, access_request, form=form, status=422)
    try:
        decided = _carry_out(form, access_request, request)
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return _page(request, access_request, form=form, status=error.status)
    except Conflict as error:
        return _page(request, find(public_id), form=form, conflict=str(error.message), status=error.status)
    messages.success(request, str(DONE[decided.state]) % {"application": decided.application.name})
    following = selectors.next_to_decide(decided, request.user)
    return HttpResponseRedirect(_address(request, following, "d-h") if following else reverse("review:queue"))


def _carry_out(form: DecisionForm, access_request: AccessRequest, request: SignedInRequest) -> AccessRequest:
    values = form.cleaned_data
    if values["decision"] == APPROVED:
        return reviews.approve_request(
            access_request=access_request,
            version=values["version"],
            tier=form.tier_chosen(),
            until=form.ends_at(clock.now()),
            limits=form.limits(),
            note=values["note"],
            by=request.user,
        )
    version, note, by = values["version"], values["note"], request.user
    if values["decision"] == CHANGES:
        return reviews.ask_for_changes(access_request=access_request, version=version, text=note, by=by)
    return reviews.reject_request(access_request=access_request, version=version, reason=note, by=by)


@requires(Permission.REVIEW_DECIDE)
@require_POST
def claim(request: SignedInRequest, public_id: str) -> HttpResponse:
    access_request = find(public_id)
    try:
        reviews.claim_request(access_request=access_request, by=request.user)
    except Conflict as error:
        messages.warning(request, str(error.message))
    return HttpResponseRedirect(_address(request, access_request))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def release(request: SignedInRequest, public_id: str) -> HttpResponse:
    access_request = find(public_id)
    try:
        reviews.release_request(access_request=access_request, by=request.user)
    except Conflict as error:
        messages.warning(request, str(error.message))
    return HttpResponseRedirect(_address(request, access_request))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def remark(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Write to the applicant, or for reviewers only."""
    access_request = find(public_id)
    form = RemarkForm(request.POST)
    if not form.is_valid():
        return _page(request, access_request, remark_form=form, status=422)
    try:
        add_message(access_request=access_request, by=request.user, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error.message))
        return _page(request, find(public_id), remark_form=form, status=error.status)
    return HttpResponseRedirect(_address(request, access_request, "conversation-h"))


def _page(
    request: SignedInRequest,
    opened: AccessRequest | None,
    *,
    form: DecisionForm | None = None,
    remark_form: RemarkForm | None = None,
    chosen: str = "",
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
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
    }
    return render(request, "review/page.html", context, status=status)


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


def _address(request: HttpRequest, access_request: AccessRequest, part: str = "") -> str:
    """The page of a request, among the same filters. The part is always given after a form that had one: else a
    browser would keep the form's."""
    tab = request.GET.get("tab", selectors.PENDING)
    fragment = f"#{part}" if part else ""
    return f"{reverse('review:detail', args=[access_request.public_id])}?{_query(request, tab)}{fragment}"
