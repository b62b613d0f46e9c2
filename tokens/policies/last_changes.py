"""What last happened to an access request that still waits, in words for whoever came second."""

from datetime import UTC
from typing import Final

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import AuditEvent
from accounts.names import isolated
from tokens.models import AccessRequest

_SENTENCES: Final[dict[str, Promise]] = {
    "request.assigned": gettext_lazy("%(by)s changed whose this access request is on %(at)s. Look at it again."),
    "request.endorsed": gettext_lazy("%(by)s gave the first approval on %(at)s. Look at it again."),
    "request.snoozed": gettext_lazy("%(by)s put this access request off on %(at)s. Look at it again."),
    "request.taken_over": gettext_lazy("%(by)s took this access request over on %(at)s. Look at it again."),
    "request.released": gettext_lazy("%(by)s gave this access request back to the queue on %(at)s. Look at it again."),
    "request.resubmitted": gettext_lazy("%(by)s changed this access request and sent it again on %(at)s."),
    "request.claim_lapsed": gettext_lazy("The claim on this access request lapsed on %(at)s. Look at it again."),
    "request.issue_deleted": gettext_lazy(
        "The issue that this access request was filed as was deleted on GitHub on %(at)s. Look at it again."
    ),
    "request.woke": gettext_lazy("This access request came back to the queue on %(at)s. Look at it again."),
}


def last_change(access_request: AccessRequest, *, to_reviewer: bool) -> str:
    """Who did what, and when; empty where the state says it well enough. One query. Of a first approval no applicant
    hears before the second."""
    events = AuditEvent.objects.filter(subject_type="AccessRequest", subject_id=access_request.public_id)
    said = ["request.messaged", "request.remarked", "request.issue_moved"]
    last = events.exclude(action__in=said).select_related("actor").order_by("-id").first()
    if last is None or last.action not in _SENTENCES:
        return ""
    if last.action == "request.endorsed" and not to_reviewer:
        return ""
    at = _("%(time)s UTC") % {"time": date_format(last.at.astimezone(UTC), "DATETIME_FORMAT")}
    who = isolated(last.actor.display_name) if last.actor else _("A rule")
    return str(_SENTENCES[last.action]) % {"by": who, "at": at}
