"""The mail of a decision: once, after the time for undoing it, and never of what was undone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.db.models import F

from accounts.models import User
from tests.tokens.requests.test_telling import BusyAtFirst, recipients
from tokens import decision_mails
from tokens.actions.requests import submit_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.actions.undoing import reopen_request, undo_decision
from tokens.models import AccessRequest, Decision
from tokens.review_terms import UNDO_FOR


def later(by: timedelta = UNDO_FOR) -> None:
    """The time passes for every decision."""
    Decision.objects.update(mail_at=F("mail_at") - by)


def test_it_waits_for_as_long_as_the_decision_can_be_undone(submitted: AccessRequest, people: SimpleNamespace) -> None:
    approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    decision = Decision.objects.get()
    assert decision.mail_at == decision.at + UNDO_FOR
    assert decision_mails.send_due() == 0
    later()
    assert [decision_mails.send_due(), decision_mails.send_due()] == [1, 0]
    assert recipients() == ["applicant"]
    decision.refresh_from_db()
    assert decision.mailed_at is not None


def test_it_is_in_the_language_of_the_applicant_and_says_why(submitted: AccessRequest, people: SimpleNamespace) -> None:
    User.objects.filter(pk=people.applicant.pk).update(locale="zh-hans")
    seen = {"access_request": submitted, "version": submitted.version}
    rejected = reject_request(**seen, reason="Tell us more", by=people.maintainer)
    later()
    decision_mails.send_due()
    [message] = mail.outbox
    assert "Tell us more" in message.body
    assert f"{rejected.decided_at:%Y}年" in message.body


@pytest.mark.parametrize(
    ("tier", "models", "subject", "told"),
    [
        ("flower", [], "approved", "Reader now stands on flower."),
        ("seed", [], "approved in part", "Reader now stands on seed."),
        ("seed", ["petal-chat"], "approved in part", "Reader now stands on seed, and may use petal-chat besides."),
        (
            "",
            ["petal-chat"],
            "approved in part",
            "Reader may now use petal-chat: not all of flower,",
        ),
    ],
)
def test_an_approval_says_what_was_granted(
    tier: str,
    models: list[str],
    subject: str,
    told: str,
    submitted: AccessRequest,
    people: SimpleNamespace,
    ladder: SimpleNamespace,
) -> None:
    seen = {"access_request": submitted, "version": submitted.version, "by": people.maintainer}
    approve_request(**seen, tier=getattr(ladder, tier, None), models=models, note="Enjoy")
    later()
    decision_mails.send_due()
    [message] = mail.outbox
    assert told in message.body
    assert "Enjoy" in message.body
    assert message.subject == f"Reader: flower · {subject}"


def test_what_was_undone_is_never_mailed(submitted: AccessRequest, people: SimpleNamespace, unhurried: None) -> None:
    approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    undo_decision(decision=Decision.objects.get(), by=people.maintainer)
    Decision.objects.update(mail_at=F("at"))
    assert decision_mails.send_due() == 0
    assert not mail.outbox


def test_what_was_reopened_before_its_mail_or_answered_already_is_not_told_as_it_was(
    in_state: Callable[[str], AccessRequest], people: SimpleNamespace
) -> None:
    asked = in_state("changes_requested")
    sent = submit_request(access_request=asked, by=people.applicant)
    rejected = reject_request(access_request=sent, version=sent.version, reason="No", by=people.maintainer)
    reopen_request(access_request=rejected, reason="New facts", by=people.second)
    later()
    assert decision_mails.send_due() == 0
    assert not decision_mails.owed().exists()


def test_a_mail_that_the_server_did_not_take_is_sent_by_the_next_sweep(
    submitted: AccessRequest, people: SimpleNamespace, settings: Any
) -> None:
    settings.EMAIL_BACKEND = f"{BusyAtFirst.__module__}.BusyAtFirst"
    BusyAtFirst.calls = 0
    ask_for_changes(access_request=submitted, version=submitted.version, text="Who runs it?", by=people.maintainer)
    later()
    with pytest.raises(OSError, match="try later"):
        decision_mails.send_due()
    assert decision_mails.owed().count() == 1
    assert decision_mails.send_due() == 1
    assert "Who runs it?" in mail.outbox[0].body


def test_sent_again_it_is_known_as_the_same(submitted: AccessRequest, people: SimpleNamespace) -> None:
    """A worker that dies between the mail server's yes and its own note leaves the mail owed."""
    approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    later()
    decision_mails.send_due()
    Decision.objects.update(mailed_at=None)
    decision_mails.send_due()
    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == second


def test_news_of_last_week_is_not_sent(submitted: AccessRequest, people: SimpleNamespace) -> None:
    approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    later(timedelta(days=4))
    assert decision_mails.send_due() == 0
    assert not decision_mails.owed().exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_it_once(submitted: AccessRequest, people: SimpleNamespace) -> None:
    approve_request(access_request=submitted, version=submitted.version, by=people.maintainer)
    later()

    def sweep(_: int) -> int:
        try:
            return decision_mails.send_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sweep, range(4))) == 1
    assert len(mail.outbox) == 1
