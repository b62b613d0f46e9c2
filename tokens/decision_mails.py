"""The mail of each decision, once the time for undoing it has passed.

The row of the decision is the outbox: a mail is owed while `mail_at` is set and `mailed_at` is not. It is settled once
the mail server took it, under a claim, so that no two workers send it."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from accounts import clock
from accounts.backends import may_sign_in
from tiers.claims import claimed
from tokens import mails
from tokens.actions.transitions import lock_workspace
from tokens.links import APPLICANT, link
from tokens.models import Decision, Outcome
from tokens.policies.requests import may_ask_again_at

log = structlog.get_logger(__name__)
_BATCH: Final = 200
# A mail server that was away for longer delivers no news any more.
_NEWS: Final = timedelta(days=3)


def owed() -> QuerySet[Decision]:
    return Decision.objects.filter(mail_at__isnull=False, mailed_at=None, undone_at=None)


def send_due() -> int:
    """Send what is due; how many mails that were. Raises OSError where the mail server takes none: the next sweep
    begins again with the first."""
    now = clock.now()
    owed().filter(mail_at__lt=now - _NEWS).update(mail_at=None)
    due = owed().filter(mail_at__lte=now).order_by("mail_at", "pk").values_list("pk", flat=True)[:_BATCH]
    return sum(_send_once(pk) for pk in list(due))


def _send_once(pk: int) -> bool:
    with claimed(f"decision:{pk}") as ours:
        if not ours:
            return False
        decision = _to_tell(pk)
        sent = decision is not None and _send(decision)
        settled: dict[str, Any] = {"mailed_at": Now()} if sent else {"mail_at": None}
        Decision.objects.filter(pk=pk, mailed_at=None).update(**settled)
        return sent


@transaction.atomic
def _to_tell(pk: int) -> Decision | None:
    """The decision, if it still is to be told. The lock is what an undoing holds while it looks at the clock: once the
    time has passed and the lock was had, nobody undoes it."""
    found = owed().filter(pk=pk).values("access_request__workspace_id", "outcome").first()
    if found is None:
        return None
    lock_workspace(found["access_request__workspace_id"])
    still = owed().filter(pk=pk, reopened_at=None)
    if found["outcome"] == Outcome.CHANGES_REQUESTED:
        still = still.filter(access_request__state=Outcome.CHANGES_REQUESTED)
    asked = [f"access_request__{name}" for name in ("applicant", "application", "tier", "model", "granted_tier")]
    return still.select_related(*asked).first()


def _send(decision: Decision) -> bool:
    """Whether there was somebody to send it to. Sent twice, after a worker was killed in between, it has the same
    Message-ID, by which mail programs show it once."""
    access_request = decision.access_request
    person = access_request.applicant
    if not may_sign_in(person):
        return False
    rejected = decision.outcome == Outcome.REJECTED
    context = {
        "asked": str(access_request.tier or access_request.model or ""),
        "access_request": access_request,
        "event": f"request.{decision.outcome}",
        "note": decision.note,
        "link": link(APPLICANT, access_request, f"request.{decision.outcome}"),
        "again": may_ask_again_at(access_request) if rejected else None,
    }
    try:
        mails.send(person, "request", context, key=f"decision-{decision.public_id}")
    except SMTPRecipientsRefused:  # Nobody is there, today or tomorrow, and others wait behind this mail.
        log.warning("decision_mail_refused", decision=decision.public_id)
    return True
