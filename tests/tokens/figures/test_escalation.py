"""What nobody answered is brought before another group, once, and its members are told once, whatever is killed."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail

from accounts import clock
from accounts.models import AuditEvent, User
from tests import factories
from tests.tokens.figures.lived import past
from tokens import escalation, sweeps
from tokens.actions.review_groups import make_group
from tokens.actions.review_terms import set_terms
from tokens.actions.reviews import approve_request
from tokens.actions.undoing import reopen_request
from tokens.models import AccessRequest


@pytest.fixture
def late(desk: SimpleNamespace) -> SimpleNamespace:
    """Flower is brought before the night watch after 60 hours."""
    desk.second = factories.person("Yun", "maintainer")
    desk.group = make_group(name="Night watch", members=[desk.mika, desk.second], by=desk.ada)
    set_terms(
        tier=desk.flower,
        target_hours=48,
        escalate_hours=60,
        approvals=1,
        group=None,
        escalation_group=desk.group,
        by=desk.ada,
    )
    return desk


def sent_hours_ago(hours: int) -> AccessRequest:
    now = clock.now()
    with past() as then:
        return then.sent(now - timedelta(hours=hours))


def swept() -> list[str]:
    mail.outbox.clear()
    sweeps.escalate_late()
    sweeps.mail_escalations()
    return sorted(address for message in mail.outbox for address in message.to)


def test_what_waits_too_long_is_brought_before_the_group_once(late: SimpleNamespace) -> None:
    old, young = sent_hours_ago(61), sent_hours_ago(59)
    assert swept() == sorted([late.mika.email, late.second.email])
    assert "Night watch" in mail.outbox[0].body
    assert old.public_id in mail.outbox[0].body
    assert "@example.com" not in mail.outbox[0].body
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.group, young.group) == (late.group, None)
    assert old.escalated_at is not None
    assert young.escalated_at is None
    assert swept() == []
    [event] = AuditEvent.objects.filter(action="request.escalated")
    assert (event.subject_id, event.after) == (old.public_id, {"group": "Night watch"})


def test_whoever_is_deciding_may_go_on(late: SimpleNamespace) -> None:
    seen = sent_hours_ago(61)
    sweeps.escalate_late()
    approve_request(access_request=seen, version=seen.version, by=late.mika)
    assert swept() == []


def test_time_that_waits_for_the_applicant_does_not_count_and_snoozed_time_does(late: SimpleNamespace) -> None:
    now, hour = clock.now(), timedelta(hours=1)
    with past() as then:
        asked = then.asked_and_sent_again(then.sent(now - 90 * hour), now - 80 * hour, now - 20 * hour, by=late.mika)
        snoozed = then.sent(now - 61 * hour)
    AccessRequest.objects.filter(pk=snoozed.pk).update(snoozed_at=now - hour, snoozed_by=late.mika)
    sweeps.escalate_late()
    asked.refresh_from_db()
    snoozed.refresh_from_db()
    assert asked.escalated_at is None
    assert snoozed.escalated_at is not None
    assert snoozed.snoozed_at is None


def test_kinds_without_such_terms_are_left_alone(late: SimpleNamespace) -> None:
    now = clock.now()
    with past() as then:
        nectar = then.sent(now - timedelta(hours=500), tier="nectar")
    assert swept() == []
    nectar.refresh_from_db()
    assert nectar.escalated_at is None


def test_what_is_reopened_and_late_once_more_is_told_once_more(late: SimpleNamespace) -> None:
    both = sorted([late.mika.email, late.second.email])
    seen = sent_hours_ago(61)
    assert swept() == both
    approve_request(access_request=seen, version=seen.version, by=late.mika)
    reopened = reopen_request(access_request=seen, reason="The site is another now", by=late.mika)
    assert swept() == []
    AccessRequest.objects.filter(pk=reopened.pk).update(due_at=clock.now() - timedelta(hours=13))
    assert swept() == both
    assert swept() == []


def test_members_who_may_not_decide_it_are_not_told(late: SimpleNamespace) -> None:
    access_request = sent_hours_ago(61)
    factories.join(access_request.workspace, late.second)
    User.objects.filter(pk=late.mika.pk).update(role="developer")
    assert swept() == []


def test_a_worker_killed_between_two_mails_leaves_nobody_out_and_tells_nobody_twice(
    late: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_hours_ago(61)
    told = escalation._tell_person

    def killed_before_the_second(access_request: AccessRequest, person: User) -> None:
        if mail.outbox:
            raise KeyboardInterrupt
        told(access_request, person)

    monkeypatch.setattr(escalation, "_tell_person", killed_before_the_second)
    with pytest.raises(KeyboardInterrupt):
        swept()
    first = [address for message in mail.outbox for address in message.to]
    monkeypatch.undo()
    assert sorted(first + swept()) == sorted([late.mika.email, late.second.email])


def test_a_mail_server_that_is_away_is_tried_again(late: SimpleNamespace, settings: Any) -> None:
    sent_hours_ago(61)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with pytest.raises(OSError, match="refused"):
        swept()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert len(swept()) == 2
