"""Each mail to reviewers as its reader has it: once, in their language, with a link to the right place, and with
nobody's address."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client

from accounts.models import PlatformRole, User
from tests import factories
from tests.tokens.requests.test_telling import run
from tiers.models import Tier
from tokens.actions import handling
from tokens.actions.requests import add_message
from tokens.actions.review_groups import make_group
from tokens.models import AccessRequest, ReviewGroup, ReviewTerms

from .conftest import ask, signed_in

NAME, SHOWN = "מרכז 5", "\u2068מרכז 5\u2069"


@pytest.fixture
def told(desk: SimpleNamespace, django_capture_on_commit_callbacks: Any) -> SimpleNamespace:
    """`of(act)`: the mails that came of it. Yun reads Chinese, Petra English; both are of the group, Mika is not."""
    yun = factories.person("林芸", PlatformRole.MAINTAINER)
    petra = factories.person("Petra", PlatformRole.MAINTAINER)
    User.objects.filter(pk=yun.pk).update(locale="zh-hans")
    yun.refresh_from_db()
    group = make_group(name="Schools", members=[yun, petra], by=factories.administrator())

    def of(act: Callable[[], AccessRequest]) -> tuple[AccessRequest, list[Any]]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks() as callbacks:
            after = act()
        for _ in range(2):  # As a broker may deliver it.
            run(callbacks)
        return after, sorted(mail.outbox, key=lambda sent: sent.to)

    return SimpleNamespace(of=of, yun=yun, petra=petra, group=group)


def asked_of(group: ReviewGroup) -> AccessRequest:
    asked = ask(NAME)
    AccessRequest.objects.filter(pk=asked.pk).update(group=group)
    return AccessRequest.objects.get(pk=asked.pk)


def is_right(sent: Any, to: User, subject: str, asked: AccessRequest, part: str = "") -> None:
    assert (sent.to, sent.cc, sent.bcc) == ([to.email], [], [])
    assert sent.subject == subject
    assert SHOWN in sent.body
    assert "@example.com" not in sent.body
    assert "trl_" not in sent.body
    [link] = [line for line in sent.body.splitlines() if line.startswith("http")]
    place = urlsplit(link)
    assert place.path == f"/review/{asked.public_id}/"
    stranger = Client().get(f"{place.path}?{place.query}")
    assert (stranger.status_code, urlsplit(stranger["Location"]).path) == (302, "/accounts/login/")
    assert asked.public_id in stranger["Location"]
    assert part in stranger["Location"]
    there = signed_in(to).get(link)
    assert there["Location"] == f"{place.path}#{part}" if part else there.status_code == 200


def test_a_new_one_is_told_to_the_group(told: SimpleNamespace) -> None:
    noor = factories.person("Noor")
    ReviewTerms.objects.create(tier=Tier.objects.get(slug="flower"), group=told.group)
    asked, mails = told.of(lambda: ask(NAME, by=noor))
    by_reader = {sent.to[0]: sent for sent in mails}
    assert set(by_reader) == {told.yun.email, told.petra.email}
    is_right(by_reader[told.petra.email], told.petra, f"{SHOWN}: flower · new access request", asked)
    is_right(by_reader[told.yun.email], told.yun, f"{SHOWN}: flower · 新的访问申请", asked)


def test_who_is_mentioned_hears_it(desk: SimpleNamespace, told: SimpleNamespace) -> None:
    asked = asked_of(told.group)

    def note() -> AccessRequest:
        add_message(access_request=asked, text="@林芸 and @Petra: a school?", by=desk.maintainer, internal=True)
        return asked

    _, mails = told.of(note)
    by_reader = {sent.to[0]: sent for sent in mails}
    assert set(by_reader) == {told.yun.email, told.petra.email}
    assert all("@林芸 and @Petra: a school?" in sent.body for sent in mails)
    is_right(by_reader[told.petra.email], told.petra, f"{SHOWN} · you are mentioned", asked, "conversation-h")
    is_right(by_reader[told.yun.email], told.yun, f"{SHOWN} · 有人提到你", asked, "conversation-h")


def test_whom_it_is_assigned_to_hears_it(desk: SimpleNamespace, told: SimpleNamespace) -> None:
    asked = asked_of(told.group)
    given: dict[str, Any] = {"access_request": asked, "to": told.yun, "group": told.group, "by": desk.maintainer}
    _, [sent] = told.of(lambda: handling.assign_request(**given))
    is_right(sent, told.yun, f"{SHOWN} · 已指派给你", asked)
    _, again = told.of(lambda: handling.assign_request(**given))
    assert again == []


def test_from_whom_it_is_taken_hears_it(desk: SimpleNamespace, told: SimpleNamespace) -> None:
    claimed = handling.claim_request(access_request=asked_of(told.group), by=told.yun)
    word: dict[str, Any] = {"version": claimed.version, "word": "I know the school.", "by": told.petra}
    after, [sent] = told.of(lambda: handling.take_over_request(access_request=claimed, **word))
    assert "Petra" in sent.body
    assert "I know the school." in sent.body
    is_right(sent, told.yun, f"{SHOWN} · 已由他人接手", after, "conversation-h")


def test_who_is_named_when_it_is_taken_over_hears_it_and_nobody_twice(
    desk: SimpleNamespace, told: SimpleNamespace
) -> None:
    claimed = handling.claim_request(access_request=asked_of(told.group), by=told.yun)
    word: dict[str, Any] = {"version": claimed.version, "word": "@林芸 @Mika @Petra: a school.", "by": told.petra}
    after, mails = told.of(lambda: handling.take_over_request(access_request=claimed, **word))
    by_reader = {sent.to[0]: sent for sent in mails}
    assert (len(mails), set(by_reader)) == (2, {told.yun.email, desk.maintainer.email})
    is_right(by_reader[told.yun.email], told.yun, f"{SHOWN} · 已由他人接手", after, "conversation-h")
    is_right(by_reader[desk.maintainer.email], desk.maintainer, f"{SHOWN} · you are mentioned", after, "conversation-h")
