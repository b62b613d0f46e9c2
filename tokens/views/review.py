"""The review desk: the queue, one access request with the evidence beside the form, and what a reviewer does."""

from datetime import datetime

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.access import SignedInRequest, requires
from accounts.roles import Permission
from tiers import snapshot
from tokens.actions.mentions import mark_seen
from tokens.links import to_part
from tokens.models import AccessRequest
from tokens.policies.requests import what_happened
from tokens.selectors import review as selectors
from tokens.selectors.review_detail import find
from tokens.selectors.review_filters import read, visible
from tokens.selectors.review_live import Said, arrived, behind, happened, said
from tokens.selectors.review_rows import rows
from tokens.selectors.review_signals import mark, progress, signals
from tokens.views.review_page import onward, show, show_list, tabs


@requires(Permission.REVIEW_READ)
@require_safe
def queue(request: SignedInRequest) -> HttpResponse:
    """The list; the first of it comes to stand beside it where there is room."""
    return show_list(request)


@requires(Permission.REVIEW_READ)
@require_safe
def one(request: SignedInRequest, public_id: str) -> HttpResponse:
    """What merely stands beside the list was not opened yet, so that who is mentioned in it still has to look."""
    access_request = find(public_id)
    if "beside" not in request.GET:
        mark_seen(access_request, request.user)
    if there := to_part(request):
        return there
    return show(request, access_request, chosen=request.GET.get("decision", ""))


@requires(Permission.REVIEW_READ)
@require_safe
def following(request: SignedInRequest) -> HttpResponse:
    """The next one to decide after `of`, among the same filters; the queue, where that is nothing."""
    passed = visible().filter(public_id=request.GET.get("of", "").replace("\0", "")).first()
    return HttpResponseRedirect(onward(request, passed) if passed else reverse("review:queue"))


@requires(Permission.REVIEW_READ)
@require_safe
def live(request: SignedInRequest) -> HttpResponse:
    """The list anew, if it is behind `since`, or 204; and how many came in after `from`. Of the request that is open
    (`open`, `read` then at `version`, with its `signals`) only what somebody else did to it or wrote, and what was
    gathered: what is read or typed there stays."""
    now, since, first = clock.now(), _moment(request.GET.get("since", "")), _moment(request.GET.get("from", ""))
    read_at = _moment(request.GET.get("read", ""))
    message = said(_open(request), read_at, request.user) if read_at else None
    if since is not None and message is None and not behind(since, now, request.user):
        return HttpResponse(status=204)
    filters = read(request.GET)
    found = selectors.queue(filters, request.user, now)
    context = {
        "filters": filters,
        "base": filters.query(),
        "query": filters.query(paged=True),
        "tabs": tabs(filters, selectors.counts(now)),
        "rows": rows([asked.pk for asked in found.rows], request.user, snapshot.kept(), now),
        "at": now.isoformat(),
        "arrived": arrived(filters, request.user, first, now) if first else 0,
        **_opened(request, message, read_at, now),
    }
    return render(request, "review/live.html", context)


def _moment(text: str) -> datetime | None:
    """As the page wrote it. None for anything else, which gets the list."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _open(request: SignedInRequest) -> str:
    return request.GET.get("open", "")[:12].replace("\0", "")


def _opened(
    request: SignedInRequest, message: Said | None, read_at: datetime | None, now: datetime
) -> dict[str, object]:
    """The row of the request that is open, wherever it is by now, and what became of it and was said of it since it
    was opened."""
    opened = visible().filter(public_id=_open(request)).first()
    if opened is None:
        return {}
    changed = str(opened.version) != request.GET.get("version", "")
    return {
        "open_rows": rows([opened.pk], request.user, snapshot.kept(), now),
        "changed": what_happened(find(opened.public_id), to_reviewer=True) if changed else "",
        "wrote": message,
        "entries": happened(opened, read_at, request.user) if read_at and (message or changed) else [],
        "fresh_signals": _signals(opened, request.GET.get("signals"), now),
    }


def _signals(opened: AccessRequest, seen: str | None, now: datetime) -> dict[str, object] | None:
    """What was gathered since the page that asks was made; a page that shows none says nothing of them."""
    if seen is None or seen == mark(opened):
        return None
    return {
        "signals": signals(opened),
        "progress": progress(opened, now),
        "mark": mark(opened),
        "at": opened.signals_at,
    }
