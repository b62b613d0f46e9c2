"""The daily digest: once a day, in one's language, to those who want it, if anything waits; and no address in it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import clock
from accounts.models import User
from tests import factories
from tests.tokens.figures.lived import past
from tests.tokens.review.conftest import ask
from tokens import digest, sweeps
from tokens.actions.handling import claim_request
from tokens.demo.moved_clock import moved_clock
from tokens.models import AccessRequest, DigestMail, Mention, RequestMessage

MORNING = datetime(2031, 5, 6, 8, 0, tzinfo=UTC)


def at(moment: datetime) -> list[str]:
    """To whom the digests of that moment went."""
    mail.outbox.clear()
    with transaction.atomic(), moved_clock() as set_clock:
        set_clock(moment)
        sweeps.send_digests()
    return sorted(address for message in mail.outbox for address in message.to)


@pytest.fixture
def waiting(desk: SimpleNamespace) -> SimpleNamespace:
    with past() as then:
        desk.late = then.sent(MORNING - timedelta(hours=60))
        desk.young = then.sent(MORNING - timedelta(hours=5), tier="nectar")
    return desk


def test_it_comes_once_a_day_at_its_hour(waiting: SimpleNamespace) -> None:
    both = sorted([waiting.ada.email, waiting.mika.email])
    assert at(MORNING - timedelta(minutes=1)) == []
    assert at(MORNING + timedelta(minutes=3)) == both
    assert at(MORNING + timedelta(hours=1)) == []
    assert at(MORNING + timedelta(days=1)) == both
    assert DigestMail.objects.filter(mailed_at__isnull=False).count() == 4


def test_a_morning_that_was_slept_through_is_not_told_in_the_evening(waiting: SimpleNamespace) -> None:
    assert at(MORNING + timedelta(hours=8)) == []
    assert at(MORNING + timedelta(hours=7, minutes=59)) != []


def test_nothing_waits_and_nothing_is_sent(desk: SimpleNamespace) -> None:
    with past() as then:
        decided = then.sent(MORNING - timedelta(hours=60))
        then.approved(decided, MORNING - timedelta(hours=40), by=desk.mika)
        then.sent(MORNING + timedelta(minutes=1))
    assert at(MORNING + timedelta(minutes=5)) == []
    assert not DigestMail.objects.exists()


def test_whoever_switched_it_off_and_whoever_decides_nothing_gets_none(waiting: SimpleNamespace) -> None:
    factories.auditor()
    User.objects.filter(pk=waiting.ada.pk).update(review_digest=False)
    User.objects.filter(pk=waiting.mika.pk).update(is_active=False)
    assert at(MORNING) == []


def test_it_can_be_switched_off_for_all_or_come_at_another_hour(waiting: SimpleNamespace, settings: Settings) -> None:
    settings.REVIEW_DIGEST_AT = None
    assert at(MORNING) == []
    settings.REVIEW_DIGEST_AT = MORNING.replace(hour=14).time()
    assert at(MORNING) == []
    assert len(at(MORNING.replace(hour=14))) == 2


def test_it_tells_what_is_ones_own_and_links_to_it(waiting: SimpleNamespace) -> None:
    claim_request(access_request=waiting.late, by=waiting.mika)
    message = RequestMessage.objects.create(
        access_request=waiting.young, author=waiting.ada, text="@Mika", internal=True
    )
    Mention.objects.create(message=message, person=waiting.mika)
    User.objects.filter(pk=waiting.ada.pk).update(review_digest=False)
    assert at(MORNING) == [waiting.mika.email]
    [sent] = mail.outbox
    assert sent.subject == "Review queue · 2 wait, 1 past their time"
    for line in ("2 access requests wait", "1 is past its time", "1 is yours", "1 mention of you", "Reader: flower"):
        assert line in sent.body, line
    assert sent.body.index(waiting.late.public_id) < sent.body.index(waiting.young.public_id)
    assert "@example.com" not in sent.body


def test_nobody_is_told_of_what_they_may_not_decide(waiting: SimpleNamespace) -> None:
    factories.join(waiting.late.workspace, waiting.mika)
    factories.join(waiting.young.workspace, waiting.mika)
    assert at(MORNING) == [waiting.ada.email]


def test_it_is_written_in_the_language_of_the_person(waiting: SimpleNamespace) -> None:
    User.objects.filter(pk=waiting.ada.pk).update(locale="zh-hans")
    User.objects.filter(pk=waiting.mika.pk).update(review_digest=False)
    assert at(MORNING) == [waiting.ada.email]
    [sent] = mail.outbox
    assert sent.subject == "审核队列 · 2 份待处理，1 份已逾期"
    assert "Reader：flower，已等待" in sent.body
    assert ", " not in sent.body


def test_a_worker_killed_before_the_mail_leaves_it_to_the_next(
    waiting: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_values: object) -> None:
        raise KeyboardInterrupt

    DigestMail.objects.create(person=waiting.ada, day=MORNING.date())
    monkeypatch.setattr(digest, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        at(MORNING)
    monkeypatch.undo()
    assert len(at(MORNING)) == 2
    assert at(MORNING) == []


def test_a_digest_of_many_costs_as_much(
    waiting: SimpleNamespace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = clock.now()
    for n in range(8):
        ask(f"Another {n}")
    AccessRequest.objects.filter(state="submitted").update(submitted_at=now, due_at=now)
    with django_assert_num_queries(3):
        assert len(digest.digest(waiting.mika, clock_of(now)).oldest) == 5


def clock_of(now: datetime) -> datetime:
    return now + timedelta(seconds=1)


def test_the_switch_is_in_the_profile_of_those_who_decide(desk: SimpleNamespace) -> None:
    assert "Daily digest" in desk.client.get("/profile/").content.decode()
    desk.client.post("/profile/", {"name": "Mika", "locale": "en", "single_keys": "on"})
    desk.mika.refresh_from_db()
    assert not desk.mika.review_digest
