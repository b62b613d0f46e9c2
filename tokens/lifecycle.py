"""The access request's states as one table: (state, action) → where it leads and whose action it is.

Pure. Whether *this person* may is another question, answered in `policies`. `docs/request-states.md` is made from
this table by `manage.py request_states`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from accounts.roles import Permission
from tokens.models.requests import RequestState as State


class Action(StrEnum):
    SAVE = "save"
    SUBMIT = "submit"
    ANSWER = "answer"
    WITHDRAW = "withdraw"
    CLAIM = "claim"
    RELEASE = "release"
    TAKE_OVER = "take_over"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    WAKE = "wake"
    REMARK = "remark"
    ASK = "ask"
    APPROVE = "approve"
    REJECT = "reject"
    ENDORSE = "endorse"
    UNDO = "undo"
    REOPEN = "reopen"


class Side(StrEnum):
    """Whose action it is. Nobody acts as a reviewer on a request of a workspace they belong to."""

    APPLICANT = "applicant"
    REVIEWER = "reviewer"


@dataclass(frozen=True, slots=True)
class Transition:
    """`to` is None where it leads back to what was before."""

    to: State | None
    side: Side

    @property
    def permission(self) -> Permission:
        return Permission.REQUEST_WRITE if self.side is Side.APPLICANT else Permission.REVIEW_DECIDE


def _by_applicant(to: State) -> Transition:
    return Transition(to, Side.APPLICANT)


def _by_reviewer(to: State | None) -> Transition:
    return Transition(to, Side.REVIEWER)


# Asking claims, so that a request that comes back has somebody's name on it and goes back to them. A claim that lapses
# is released by the clock. What was decided can still be talked about. Endorsing is the first of two approvals.
TABLE: Final[Mapping[tuple[State, Action], Transition]] = {
    (State.DRAFT, Action.SAVE): _by_applicant(State.DRAFT),
    (State.DRAFT, Action.SUBMIT): _by_applicant(State.SUBMITTED),
    (State.DRAFT, Action.WITHDRAW): _by_applicant(State.WITHDRAWN),
    (State.SUBMITTED, Action.ANSWER): _by_applicant(State.SUBMITTED),
    (State.SUBMITTED, Action.WITHDRAW): _by_applicant(State.WITHDRAWN),
    (State.SUBMITTED, Action.CLAIM): _by_reviewer(State.IN_REVIEW),
    (State.SUBMITTED, Action.ASSIGN): _by_reviewer(State.SUBMITTED),
    (State.SUBMITTED, Action.SNOOZE): _by_reviewer(State.SUBMITTED),
    (State.SUBMITTED, Action.WAKE): _by_reviewer(State.SUBMITTED),
    (State.SUBMITTED, Action.REMARK): _by_reviewer(State.SUBMITTED),
    (State.SUBMITTED, Action.ASK): _by_reviewer(State.CHANGES_REQUESTED),
    (State.SUBMITTED, Action.APPROVE): _by_reviewer(State.APPROVED),
    (State.SUBMITTED, Action.REJECT): _by_reviewer(State.REJECTED),
    (State.SUBMITTED, Action.ENDORSE): _by_reviewer(State.IN_REVIEW),
    (State.IN_REVIEW, Action.ANSWER): _by_applicant(State.IN_REVIEW),
    (State.IN_REVIEW, Action.WITHDRAW): _by_applicant(State.WITHDRAWN),
    (State.IN_REVIEW, Action.RELEASE): _by_reviewer(State.SUBMITTED),
    (State.IN_REVIEW, Action.TAKE_OVER): _by_reviewer(State.IN_REVIEW),
    (State.IN_REVIEW, Action.ASSIGN): _by_reviewer(State.IN_REVIEW),
    (State.IN_REVIEW, Action.SNOOZE): _by_reviewer(State.IN_REVIEW),
    (State.IN_REVIEW, Action.WAKE): _by_reviewer(State.IN_REVIEW),
    (State.IN_REVIEW, Action.REMARK): _by_reviewer(State.IN_REVIEW),
    (State.IN_REVIEW, Action.ASK): _by_reviewer(State.CHANGES_REQUESTED),
    (State.IN_REVIEW, Action.APPROVE): _by_reviewer(State.APPROVED),
    (State.IN_REVIEW, Action.REJECT): _by_reviewer(State.REJECTED),
    (State.IN_REVIEW, Action.ENDORSE): _by_reviewer(State.IN_REVIEW),
    (State.IN_REVIEW, Action.UNDO): _by_reviewer(None),
    (State.CHANGES_REQUESTED, Action.SAVE): _by_applicant(State.CHANGES_REQUESTED),
    (State.CHANGES_REQUESTED, Action.SUBMIT): _by_applicant(State.IN_REVIEW),
    (State.CHANGES_REQUESTED, Action.ANSWER): _by_applicant(State.CHANGES_REQUESTED),
    (State.CHANGES_REQUESTED, Action.WITHDRAW): _by_applicant(State.WITHDRAWN),
    (State.CHANGES_REQUESTED, Action.ASSIGN): _by_reviewer(State.CHANGES_REQUESTED),
    (State.CHANGES_REQUESTED, Action.REMARK): _by_reviewer(State.CHANGES_REQUESTED),
    (State.APPROVED, Action.ANSWER): _by_applicant(State.APPROVED),
    (State.APPROVED, Action.REMARK): _by_reviewer(State.APPROVED),
    (State.REJECTED, Action.ANSWER): _by_applicant(State.REJECTED),
    (State.REJECTED, Action.REMARK): _by_reviewer(State.REJECTED),
    (State.CHANGES_REQUESTED, Action.UNDO): _by_reviewer(None),
    (State.APPROVED, Action.UNDO): _by_reviewer(None),
    (State.APPROVED, Action.REOPEN): _by_reviewer(State.IN_REVIEW),
    (State.REJECTED, Action.UNDO): _by_reviewer(None),
    (State.REJECTED, Action.REOPEN): _by_reviewer(State.IN_REVIEW),
}


def transition(state: str, action: Action) -> Transition | None:
    """Where the action leads from this state; None where the state does not allow it."""
    return TABLE.get((State(state), action))


def side_of(action: Action) -> Side:
    """Every action is one side's, whatever the state."""
    return _SIDES[action]


_SIDES: Final = {action: step.side for (_, action), step in TABLE.items()}


def allows(state: str, action: Action) -> bool:
    return transition(state, action) is not None
