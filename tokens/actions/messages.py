"""The one way in which a message about an access request is written. Belongs in a transaction."""

from typing import Final

from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import Invalid
from accounts.models import User
from tokens.models import AccessRequest, RequestMessage
from tokens.wording import clean_text

MOST_IN_MESSAGE: Final = 4000


def write_message(
    access_request: AccessRequest, text: str, by: User, *, field: str = "text", internal: bool = False
) -> RequestMessage:
    """The message and its audit event, at one instant (the text stays out of the chain)."""
    text = clean_text(text, field, MOST_IN_MESSAGE)
    if not text:
        raise Invalid(_("Write something first."), field=field)
    event = audit.record(
        "request.remarked" if internal else "request.messaged",
        access_request,
        by=by,
        workspace=access_request.workspace,
        after={"internal": internal},
    )
    return RequestMessage.objects.create(
        access_request=access_request, author=by, text=text, internal=internal, at=event.at
    )
