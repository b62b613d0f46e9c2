"""The access requests of a synthetic platform: every state, tier and age, in the shares that a long queue has."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.auth.hashers import make_password

from accounts.models import PlatformRole, User
from tiers.models import GrantSource
from tokens.models import AccessRequest, Application, RequestState
from tokens.models.decisions import Decision, Outcome
from tokens.models.signals import Signal, SignalKind, SignalState
from tokens.review_terms import CLAIM_LASTS

REVIEWERS: Final = 6
WORDS: Final = ("lantern", "古籍校对", "reader", "قارئ الكتب", "chat", "图书馆 guide", "garden", "translator")
# Of twenty, by turns; whoever is no reviewer waits for one.
STATES: Final = (
    *[RequestState.SUBMITTED] * 12,
    *[RequestState.IN_REVIEW] * 2,
    RequestState.CHANGES_REQUESTED,
    *[RequestState.APPROVED] * 3,
    RequestState.REJECTED,
    RequestState.WITHDRAWN,
)
TARGET: Final = timedelta(hours=48)
OPEN_FOR: Final = 6 * 24  # hours, at most
ANSWERED_WITHIN: Final = 90  # hours
SIGNALS: Final = (
    (SignalKind.SAME_WORDING, SignalState.BAD),
    (SignalKind.SITE, SignalState.UNKNOWN),
    (SignalKind.MAIL, SignalState.WARN),
    (SignalKind.DOMAIN, SignalState.OK),
)


def reviewers() -> list[User]:
    """Six people who review, made once, whoever else makes them at the same time."""
    found = User.objects.filter(email__endswith="@reviewers.synthetic.example").order_by("pk")
    if not found.exists():
        User.objects.bulk_create((_reviewer(number) for number in range(1, REVIEWERS + 1)), ignore_conflicts=True)
    return list(found)


def _reviewer(number: int) -> User:
    return User(
        email=f"reviewer-{number}@reviewers.synthetic.example",
        name=f"Reviewer {number}",
        role=PlatformRole.MAINTAINER,
        review_digest=False,
        demo=True,
        password=make_password(None),
    )


def name_of(turn: int) -> str:
    return f"{WORDS[turn % len(WORDS)]} {turn}"


def add_request(batch: Any, turn: int, application: Application, by: User, since: datetime, moment: datetime) -> None:
    """One of that application, and what belongs to its state. `turn` counts applications and decides all of it."""
    state = STATES[turn % len(STATES)]
    pending = state in (RequestState.SUBMITTED, RequestState.IN_REVIEW)
    hours = turn * 7 % OPEN_FOR if pending else turn * 11 % (300 * 24)
    sent = max(since, moment - timedelta(hours=hours, seconds=turn % 3600))
    person = batch.reviewers[turn // len(STATES) % len(batch.reviewers)]
    asked = batch.add(
        AccessRequest,
        workspace=application.workspace,
        application=application,
        applicant=by,
        tier=batch.tiers[2 + turn % max(1, len(batch.tiers) - 2)] if len(batch.tiers) > 2 else batch.tiers[-1],
        state=state,
        purpose=f"Synthetic: {name_of(turn)} for readers, so that the queue has a length.",
        users="Nobody",
        expected_volume=1000 + turn % 9000,
        language=("en", "zh-hans")[turn % 3 == 1],
        created_at=sent,
        submitted_at=sent,
        due_at=sent + TARGET,
        **_handled(state, turn, sent, moment, person, batch.tiers),
    )
    if state in (RequestState.APPROVED, RequestState.REJECTED):
        _decide(batch, asked)
    if turn % 10 == 0:
        kind, found = SIGNALS[turn // 10 % len(SIGNALS)]
        batch.add(Signal, access_request=asked, kind=kind, state=found, facts={}, at=sent)


def _handled(state: str, turn: int, sent: datetime, moment: datetime, person: User, tiers: list[Any]) -> dict[str, Any]:
    """By whom, and when, as far as the state says."""
    answered = min(moment, sent + timedelta(hours=1 + turn % ANSWERED_WITHIN))
    values: dict[str, Any] = {"updated_at": answered}
    if state == RequestState.IN_REVIEW:
        values |= {"claimed_by": person, "claimed_at": answered, "claim_ends_at": moment + CLAIM_LASTS}
    elif state == RequestState.CHANGES_REQUESTED:
        values |= {"claimed_by": person, "claimed_at": answered, "asked_at": answered}
    elif state == RequestState.APPROVED:
        values |= {"decided_by": person, "decided_at": answered, "granted_tier": tiers[min(2, len(tiers) - 1)]}
    elif state == RequestState.REJECTED:
        values |= {"decided_by": person, "decided_at": answered, "decision_reason": "Synthetic"}
    elif turn % len(STATES) == 3:
        values |= {"assigned_to": person}
    elif turn % len(STATES) == 4:
        values |= {"snoozed_at": answered, "snoozed_by": person}
    elif turn % len(STATES) == 5:
        values |= {"escalated_at": answered}
    return values


def _decide(batch: Any, asked: AccessRequest) -> None:
    """The decision as a row; and the grant, where it gave one."""
    approved = asked.state == RequestState.APPROVED
    batch.add(
        Decision,
        access_request=asked,
        outcome=Outcome.APPROVED if approved else Outcome.REJECTED,
        by=asked.decided_by,
        at=asked.decided_at,
        version=asked.version,
        note=asked.decision_reason,
        tier=asked.granted_tier,
        mail_at=asked.decided_at,
        mailed_at=asked.decided_at,
    )
    if approved:
        batch.give(asked, GrantSource.REQUEST)
