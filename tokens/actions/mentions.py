"""Reviewers named in a message among reviewers: `@Name`, as people type it."""

from collections.abc import Iterable
from typing import Final

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import deferred
from accounts.errors import Invalid
from accounts.models import User
from accounts.names import isolated
from tokens import tasks
from tokens.models import AccessRequest, Mention, RequestMessage
from tokens.selectors.reviewers import reviewers_of

_AT: Final = "@＠"


def mention(message: RequestMessage, told: User | None = None) -> None:
    """Note and mail whom an internal message names, but for its author and for whoever is told of it anyway. A message
    to the applicant that names a reviewer is refused: it was most likely meant for reviewers. Belongs in the
    transaction of the message."""
    named = named_in(message.text, reviewers_of(message.access_request)) if any(a in message.text for a in _AT) else []
    if named and not message.internal:
        values = {"name": isolated(named[0].display_name)}
        text = _("You mention %(name)s, but the applicant would read this. Write it for reviewers, or take the @ away.")
        raise Invalid(text % values, field="text")
    others = [person for person in named if person.pk != message.author_id and person != told]
    tell_mentioned(message, others, "request.mentioned")


def tell_mentioned(message: RequestMessage, people: list[User], event: str) -> None:
    Mention.objects.bulk_create([Mention(message=message, person=person) for person in people], ignore_conflicts=True)
    for person in people:
        deferred.after_commit(tasks.tell_person, message.access_request_id, event, person.pk, message.pk)


def mark_seen(access_request: AccessRequest, by: User) -> None:
    """Whoever opens the access request has seen where it mentions them."""
    Mention.objects.filter(message__access_request=access_request, person=by, seen_at=None).update(seen_at=Now())


def named_in(text: str, people: Iterable[User]) -> list[User]:
    """Those of the people whose whole name stands after an @, in any letter case. Of two names that begin alike the
    longer one is meant; everybody of one name is."""
    text = text.casefold()
    named: list[User] = []
    for person in sorted(people, key=lambda person: -len(person.display_name)):
        name = person.display_name.casefold()
        places = [at for at in range(len(text)) if text[at] in _AT and _stands_at(text, at, name)]
        same = any(other.display_name.casefold() == name for other in named)
        if any(not _taken(text, at, name, named) for at in places) or (places and same):
            named.append(person)
    return named


def _stands_at(text: str, at: int, name: str) -> bool:
    """An @ within a word is an address. Scripts without spaces go on right after a name, Latin words do not."""
    end = at + 1 + len(name)
    if text[at + 1 : end] != name or (at and _latin(text[at - 1])):
        return False
    return not (_latin(name[-1]) and _latin(text[end : end + 1]))


def _latin(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


def _taken(text: str, at: int, name: str, named: list[User]) -> bool:
    """Whether a longer name stands there."""
    longer = (other.display_name.casefold() for other in named)
    return any(len(other) > len(name) and _stands_at(text, at, other) for other in longer)
