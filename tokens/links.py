"""Links in mails, to the right part of a page. A part is a query, not a fragment: a fragment would be lost to whoever
has to sign in first."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from tokens.models import AccessRequest

CONVERSATION, GRANTED, ASKED, CHANGED = "conversation-h", "granted-h", "asked-h", "changed-h"
APPLICANT, REVIEWER = "requests:detail", "review:detail"
_PARTS: Final = {
    "request.changes_requested": ASKED,
    "request.approved": GRANTED,
    "request.remarked": CONVERSATION,
    "request.answered": CONVERSATION,
    "request.mentioned": CONVERSATION,
    "request.taken_over": CONVERSATION,
    "request.resubmitted": CHANGED,
}


def link(page: str, access_request: AccessRequest, event: str) -> str:
    """The whole address of the applicant's or the reviewer's page, and of the part of it that tells of the event."""
    part = _PARTS.get(event, "")
    query = f"?part={part}" if part else ""
    return f"{settings.SITE_URL}{reverse(page, args=[access_request.public_id])}{query}"


def to_part(request: HttpRequest) -> HttpResponseRedirect | None:
    """The part that a mail named, once its reader is signed in. None where the address names none of ours."""
    part = request.GET.get("part", "")
    return HttpResponseRedirect(f"{request.path}#{part}") if part in _PARTS.values() else None
