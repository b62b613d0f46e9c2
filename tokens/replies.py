"""Replies to insert and edit: which text, and how its placeholders are filled. Pure but for what the request holds."""

import re
from typing import Final

from tokens.models import AccessRequest, CannedReply

PLACEHOLDERS: Final = ("application", "applicant", "tier", "model", "domain")
# Not str.format: the text is typed by people, and what is filled in by strangers. One pass, so that nothing that was
# filled in is filled again; what is not one of ours stays as it is.
_PLACE: Final = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")
_NOTHING: Final = "–"


def fill(text: str, access_request: AccessRequest) -> str:
    """With the application's domains fetched before: it asks for all of them."""
    hosts = sorted(access_request.application.domains.all(), key=lambda domain: (domain.proved_at is None, domain.pk))
    values = {
        "application": access_request.application.name,
        "applicant": access_request.applicant.display_name,
        "tier": access_request.tier.slug if access_request.tier else "",
        "model": access_request.model.name if access_request.model else "",
        "domain": hosts[0].host if hosts else "",
    }
    return _PLACE.sub(lambda found: values[found[1]] or _NOTHING, text)


def text_for(reply: CannedReply, access_request: AccessRequest) -> str:
    """In the language of whoever reads it."""
    chinese = access_request.applicant.locale.startswith("zh") and reply.text_zh
    return fill(reply.text_zh if chinese else reply.text_en, access_request)


def label_of(reply: CannedReply, locale: str) -> str:
    """In the language of whoever inserts it."""
    return reply.label_zh if locale.startswith("zh") and reply.label_zh else reply.label_en
