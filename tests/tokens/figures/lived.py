"""Access requests that were lived through at chosen instants, by the actions that the site uses."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from tests.tokens.review.conftest import ask
from tokens.actions.requests import submit_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.demo.moved_clock import moved_clock
from tokens.models import AccessRequest


@contextmanager
def past() -> Iterator["Past"]:
    with transaction.atomic(), moved_clock() as set_clock:
        yield Past(set_clock)


class Past:
    def __init__(self, set_clock) -> None:  # type: ignore[no-untyped-def]
        self.at = set_clock

    def sent(self, at: datetime, tier: str = "flower", by: User | None = None) -> AccessRequest:
        self.at(at)
        return ask(tier=tier, by=by)

    def asked_and_sent_again(self, sent: AccessRequest, asked: datetime, again: datetime, by: User) -> AccessRequest:
        self.at(asked)
        back = ask_for_changes(access_request=sent, version=sent.version, text="Who runs it?", by=by)
        self.at(again)
        return submit_request(access_request=back, by=back.applicant)

    def approved(self, sent: AccessRequest, at: datetime, by: User) -> AccessRequest:
        self.at(at)
        return approve_request(access_request=sent, version=sent.version, by=by)

    def rejected(self, sent: AccessRequest, at: datetime, by: User) -> AccessRequest:
        self.at(at)
        return reject_request(access_request=sent, version=sent.version, reason="Not for now", by=by)

    def decided_within(
        self, length: timedelta, end: datetime, by: User, applicant: User | None = None
    ) -> AccessRequest:
        return self.approved(self.sent(end - length, by=applicant), end, by)
