"""Many decisions in one go: each in a transaction of its own, so that one that fails keeps no other from its effect."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.errors import DomainError, Invalid
from accounts.models import User
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.models import AccessRequest, Decision, Outcome
from tokens.selectors.decisions import endorsement

MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Item:
    """An access request, and the version of it that the reviewer saw."""

    access_request: AccessRequest
    version: int


@dataclass(frozen=True, slots=True)
class Result:
    """`refused` says why nothing happened; else `outcome` is what did."""

    access_request: AccessRequest
    outcome: str = ""
    refused: str = ""
    undone: bool = False


def decide_many(
    *,
    items: Sequence[Item],
    outcome: Outcome,
    text: Callable[[AccessRequest], str],
    until: datetime | None = None,
    batch: str,
    by: User,
) -> list[Result]:
    """Approve each as it was asked (the second of two approvals: on the terms of the first), ask for changes, or
    reject. Sent again with the same `batch` it does nothing twice, and gives the same results."""
    if len(items) > MOST:
        raise Invalid(_("At most %(number)d at once.") % {"number": MOST})
    return [_decide(item, outcome, text, until, batch, by) for item in items]


def _decide(
    item: Item,
    outcome: Outcome,
    text: Callable[[AccessRequest], str],
    until: datetime | None,
    batch: str,
    by: User,
) -> Result:
    access_request = item.access_request
    seen: dict[str, Any] = {"access_request": access_request, "version": item.version, "batch": batch, "by": by}
    try:
        match outcome:
            case Outcome.APPROVED:
                approve_request(**seen, **_terms(access_request, until, by), note=text(access_request))
            case Outcome.CHANGES_REQUESTED:
                ask_for_changes(**seen, text=text(access_request))
            case _:
                reject_request(**seen, reason=text(access_request))
    except DomainError as error:
        return _made_before(access_request, batch, by) or Result(access_request, refused=str(error.message))
    return _made_before(access_request, batch, by) or Result(access_request)


def _terms(access_request: AccessRequest, until: datetime | None, by: User) -> dict[str, Any]:
    first = endorsement(access_request)
    if first is None or first.by_id == by.pk:
        return {"until": until}
    return {
        "tier": first.tier,
        "models": first.chosen_models,
        "permissions": first.permissions,
        "until": first.until,
        "limits": first.limit_facts,
    }


def _made_before(access_request: AccessRequest, batch: str, by: User) -> Result | None:
    made = Decision.objects.filter(access_request=access_request, batch=batch, by=by).order_by("id").last()
    return Result(access_request, made.outcome, undone=made.undone_at is not None) if made else None
