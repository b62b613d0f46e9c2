"""A comment that was deleted on GitHub is deleted here: also out of the messages that told of it."""

import json
from collections.abc import Iterator
from typing import Any, Final

from django.db import transaction
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from tiers.actions.inbox import erase_text
from tiers.models import ProviderEvent

DELETED: Final = "issue_comment.deleted"
# Of a comment, in whatever form GitHub gives its text. An edit also says, as `changes`, what it was before.
_TEXTS: Final = ("body", "body_html", "body_text")


@transaction.atomic
def erase_if_deleted(*, event: ProviderEvent, comment: object) -> int:
    """How many messages lost the comment's text: none, unless one of them says that it was deleted. Also that one, and
    one that comes late. Ids and times stay, by which each can be applied again."""
    identifier = comment.get("id") if isinstance(comment, dict) else None
    told = ProviderEvent.objects.filter(provider=event.provider, source=event.source)
    if not isinstance(identifier, int) or not any(_naming(identifier, told.filter(kind=DELETED))):
        return 0
    heard = told.filter(kind__startswith="issue_comment.").select_for_update(no_key=True)
    return sum(_erase(*found) for found in list(_naming(identifier, heard)))


def _naming(identifier: int, told: QuerySet[ProviderEvent]) -> Iterator[tuple[ProviderEvent, dict[str, Any]]]:
    """Messages about that comment. The database looks for the number, which may stand for something else."""
    somewhere = told.filter(RawSQL("position(%s::bytea IN body) > 0", [str(identifier).encode()], BooleanField()))
    for event in somewhere.order_by("id"):
        message = json.loads(bytes(event.body))
        if isinstance(said := message.get("comment"), dict) and said.get("id") == identifier:
            yield event, message


def _erase(event: ProviderEvent, message: dict[str, Any]) -> bool:
    said = {name: value for name, value in message["comment"].items() if name not in _TEXTS}
    left = {name: value for name, value in message.items() if name != "changes"} | {"comment": said}
    if left == message:
        return False
    erase_text(event=event, left=json.dumps(left).encode())
    return True
