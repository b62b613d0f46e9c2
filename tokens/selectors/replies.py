"""Replies to insert: those offered for one access request, and all of them for who keeps them."""

from dataclasses import dataclass

from django.db.models import QuerySet

from tokens.models import AccessRequest, CannedReply, ReplyFor
from tokens.replies import label_of, text_for


@dataclass(frozen=True, slots=True)
class Offered:
    """`text` is filled in, in the applicant's language."""

    public_id: str
    outcome: str
    label: str
    text: str


def live() -> QuerySet[CannedReply]:
    return CannedReply.objects.filter(retired_at=None).order_by("position", "id")


def offered(access_request: AccessRequest, locale: str) -> list[Offered]:
    """`locale`: the reviewer's, for the labels. One query; the application's domains were fetched."""
    return [
        Offered(reply.public_id, reply.outcome, label_of(reply, locale), text_for(reply, access_request))
        for reply in live()
    ]


def by_outcome() -> list[tuple[str, str, list[CannedReply]]]:
    """All that are offered, by the decision they are for: its id on the page, its name, and they. One query."""
    replies = list(live())
    of = {kind: [reply for reply in replies if reply.outcome == kind] for kind in ReplyFor}
    return [(f"{kind.value}-h", str(kind.label), found) for kind, found in of.items()]
