"""Mail: to whom, in which language, once, and never in the way."""

from smtplib import SMTPServerDisconnected
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from accounts import deferred
from accounts.errands import Errands
from accounts.models import User
from tokens import tasks
from tokens.actions.handling import assign_request, claim_request
from tokens.actions.requests import add_message
from tokens.actions.reviews import ask_for_changes, reject_request
from tokens.models import AccessRequest, ReviewGroup, ReviewTerms


def recipients() -> list[str]:
    return sorted(address.partition("@")[0] for message in mail.outbox for address in message.to)


def run(callbacks: list) -> None:  # type: ignore[type-arg]
    """What was to be queued is done here and now, on the connection that sees the test's rows."""
    from config.celery import app

    app.conf.task_always_eager = True
    try:
        with patch.object(Errands, "run", lambda errands, call: (call(), True)[1]):
            for callback in callbacks:
                callback()
    finally:
        app.conf.task_always_eager = False


def test_a_new_request_is_told_to_all_who_may_decide_it(submitted: AccessRequest, people: SimpleNamespace) -> None:
    tasks.tell_reviewers(submitted.pk, "request.submitted", submitted.version)
    assert recipients() == ["administrator", "maintainer", "second"]
    assert submitted.public_id in mail.outbox[0].body


def test_one_with_a_group_is_told_to_its_members_alone(submitted: AccessRequest, people: SimpleNamespace) -> None:
    group = ReviewGroup.objects.create(name="Payments")
    group.members.add(people.second, people.insider)
    ReviewTerms.objects.create(tier=submitted.tier, group=group)
    tasks.tell_reviewers(submitted.pk, "request.submitted", submitted.version)
    assert recipients() == ["second"]
    other = ReviewGroup.objects.create(name="Schools")
    other.members.add(people.maintainer)
    AccessRequest.objects.filter(pk=submitted.pk).update(group=other)
    tasks.tell_reviewers(submitted.pk, "request.resubmitted", submitted.version)
    assert recipients() == ["maintainer", "second"]


def test_a_group_in_which_nobody_may_decide_it_keeps_it_from_nobody(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    group = ReviewGroup.objects.create(name="Payments")
    group.members.add(people.insider, people.outsider)
    ReviewTerms.objects.create(tier=submitted.tier, group=group)
    tasks.tell_reviewers(submitted.pk, "request.submitted", submitted.version)
    assert recipients() == ["administrator", "maintainer", "second"]


def test_whom_it_is_assigned_to_before_the_news_went_out_has_one_mail(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    after = assign_request(access_request=submitted, to=people.second, group=None, by=people.maintainer)
    tasks.tell_person(submitted.pk, "request.assigned", people.second.pk, after.version)
    tasks.tell_reviewers(submitted.pk, "request.submitted", submitted.version)
    assert recipients() == ["second"]
    assert f"/review/{submitted.public_id}/" in mail.outbox[0].body


def test_the_demo_s_people_hear_nothing_once_the_demo_is_off(
    submitted: AccessRequest, people: SimpleNamespace, settings: Any
) -> None:
    settings.DEMO = False
    User.objects.filter(pk=people.second.pk).update(demo=True)
    tasks.tell_reviewers(submitted.pk, "request.submitted", submitted.version)
    assert recipients() == ["administrator", "maintainer"]


def test_the_same_task_twice_mails_once(submitted: AccessRequest) -> None:
    for _ in range(2):
        tasks.tell_reviewers(submitted.pk, "request.submitted", submitted.version)
    assert len(mail.outbox) == 3


def test_who_claimed_it_alone_hears_the_answer(
    submitted: AccessRequest,
    people: SimpleNamespace,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    claimed = claim_request(access_request=submitted, by=people.second)
    with django_capture_on_commit_callbacks() as callbacks:
        add_message(access_request=claimed, text="One more thing", by=people.applicant)
        add_message(access_request=claimed, text="Between us", by=people.second, internal=True)
    run(callbacks)
    assert recipients() == ["second"]


def test_of_whoever_may_decide_no_more_it_is_told_to_the_others(
    submitted: AccessRequest, people: SimpleNamespace
) -> None:
    claimed = claim_request(access_request=submitted, by=people.second)
    User.objects.filter(pk=people.second.pk).update(role="developer")
    tasks.tell_reviewers(claimed.pk, "request.answered", claimed.version, 1)
    assert recipients() == ["administrator", "maintainer"]
    mail.outbox.clear()
    asked = ask_for_changes(access_request=claimed, version=claimed.version, text="Who?", by=people.maintainer)
    User.objects.filter(pk=people.maintainer.pk).update(is_active=False)
    tasks.tell_reviewers(asked.pk, "request.answered", asked.version, 2)
    assert recipients() == ["administrator"]


def test_what_is_said_after_a_decision_reaches_somebody(submitted: AccessRequest, people: SimpleNamespace) -> None:
    """Also where somebody decided who reviews no more."""
    decided = reject_request(access_request=submitted, version=submitted.version, reason="No", by=people.second)
    tasks.tell_reviewers(decided.pk, "request.answered", decided.version, 1)
    assert recipients() == ["second"]
    mail.outbox.clear()
    User.objects.filter(pk=people.second.pk).update(role="developer")
    tasks.tell_reviewers(decided.pk, "request.answered", decided.version, 2)
    assert recipients() == ["administrator", "maintainer"]
    mail.outbox.clear()
    tasks.tell_reviewers(decided.pk, "request.submitted", decided.version)
    assert recipients() == [], "it was decided before they heard that it came"


class BusyAtFirst(EmailBackend):
    """A mail server that takes nothing the first time."""

    calls = 0

    def send_messages(self, messages: Any) -> int:
        type(self).calls += 1
        if self.calls == 1:
            raise SMTPServerDisconnected("try later")
        return super().send_messages(messages)


def test_a_mail_that_the_server_did_not_take_is_tried_again(submitted: AccessRequest, settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.BusyAtFirst"
    tasks.tell_applicant.apply((submitted.pk, "request.changes_requested", submitted.version))
    assert recipients() == ["applicant"]


def test_a_dead_broker_fails_no_decision(
    submitted: AccessRequest,
    people: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    from config.celery import app

    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(deferred, "_broker", deferred._Broker())
    with django_capture_on_commit_callbacks(execute=True):
        asked = ask_for_changes(
            access_request=submitted, version=submitted.version, text="Who runs it?", by=people.maintainer
        )
    assert asked.state == "changes_requested"
    assert not mail.outbox


def test_the_generated_page_of_states_is_up_to_date() -> None:
    from django.core.management import call_command

    call_command("request_states", check=True)
