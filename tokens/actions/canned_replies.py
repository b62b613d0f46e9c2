"""Replies that reviewers insert and edit. On the platform's audit chain."""

from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import Conflict, Invalid
from accounts.models import User
from tokens.models import CannedReply
from tokens.policies.review_desk import check_manage
from tokens.wording import clean_name, clean_text

_FIELDS: Final = ("outcome", "label_en", "label_zh", "text_en", "text_zh")
_MOST_IN_LABEL: Final = 60
_MOST_IN_TEXT: Final = 2000


@transaction.atomic
def add_reply(*, by: User, **values: str) -> CannedReply:
    """At the end of those for the same decision."""
    check_manage(by)
    values = _cleaned(values)
    last = _live(values["outcome"]).aggregate(last=Max("position"))["last"] or 0
    reply = CannedReply.objects.create(**values, position=last + 1)
    audit.record("canned_reply.added", reply, by=by, workspace=None, after=values)
    return reply


@transaction.atomic
def edit_reply(*, reply: CannedReply, by: User, **values: str) -> CannedReply:
    check_manage(by)
    reply = _locked(reply)
    values = _cleaned(values)
    changed = {name: value for name, value in values.items() if getattr(reply, name) != value}
    if not changed:
        return reply
    before = {name: getattr(reply, name) for name in changed}
    CannedReply.objects.filter(pk=reply.pk).update(**changed)
    reply.refresh_from_db()
    audit.record("canned_reply.edited", reply, by=by, workspace=None, before=before, after=changed)
    return reply


@transaction.atomic
def retire_reply(*, reply: CannedReply, by: User) -> CannedReply:
    """Nobody is offered it any more. What was written with it stays."""
    check_manage(by)
    reply = _locked(reply)
    CannedReply.objects.filter(pk=reply.pk).update(retired_at=Now())
    audit.record("canned_reply.retired", reply, by=by, workspace=None)
    return reply


@transaction.atomic
def move_reply(*, reply: CannedReply, up: bool, by: User) -> None:
    """One place up or down among those for the same decision. At an end it stays."""
    check_manage(by)
    reply = _locked(reply)
    replies = list(_live(reply.outcome).select_for_update())
    at = replies.index(reply)
    to = min(len(replies) - 1, max(0, at + (-1 if up else 1)))
    if to == at:
        return
    replies.insert(to, replies.pop(at))
    for position, each in enumerate(replies, start=1):
        CannedReply.objects.filter(pk=each.pk).update(position=position)
    audit.record("canned_reply.moved", reply, by=by, workspace=None, before={"place": at + 1}, after={"place": to + 1})


def _live(outcome: str) -> Any:
    return CannedReply.objects.filter(outcome=outcome, retired_at=None).order_by("position", "id")


def _locked(reply: CannedReply) -> CannedReply:
    found = CannedReply.objects.select_for_update().get(pk=reply.pk)
    if found.retired_at is not None:
        raise Conflict(_("This reply was retired already."))
    return found


def _cleaned(values: dict[str, str]) -> dict[str, str]:
    """Chinese may be left out: then everybody reads the English."""
    cleaned = {"outcome": values["outcome"]}
    for name in _FIELDS[1:]:
        given = values.get(name, "")
        cleaned[name] = (
            clean_name(given, name, _MOST_IN_LABEL)
            if name.startswith("label") and given
            else clean_text(given, name, _MOST_IN_TEXT)
        )
    for name in ("label_en", "text_en"):
        if not cleaned[name]:
            raise Invalid(_("Write something first."), field=name)
    return cleaned
