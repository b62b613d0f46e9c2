"""Owners are told what became of their money: once each, in their language, whatever is killed in between."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail

from accounts import clock
from accounts.models import User
from tests import factories
from tests.factories import shop
from tiers import order_mails, tasks
from tiers.models import OrderNotice, ProductVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    factories.catalogue()
    return factories.person()


@pytest.fixture
def version(owner: User) -> ProductVersion:
    return shop.offer(interval="")


def sent() -> list[str]:
    tasks.mail_owed_notices()
    subjects = [message.subject for message in mail.outbox]
    mail.outbox.clear()
    return subjects


def test_each_thing_is_told_once(owner: User, version: ProductVersion) -> None:
    workspace = owner.personal_workspace
    shop.tell("order.paid", version, workspace, again=2)
    assert sent() == ["Flower, monthly · it works now"]
    shop.tell("order.refunded", version, workspace, refund={"id": "re_1", "amount": 900}, again=1)
    assert sent() == ["Flower, monthly · partly refunded"]
    shop.tell("order.disputed", version, workspace, dispute={"id": "dp_1"})
    assert sent() == ["Flower, monthly · suspended by a dispute"]
    shop.tell("order.refunded", version, workspace, refund={"id": "re_2", "amount": 2000})
    assert sent() == ["Flower, monthly · refunded"]
    assert sent() == []


def test_owners_are_told_and_members_are_not(owner: User, version: ProductVersion) -> None:
    member = factories.person("Mo")
    factories.join(owner.personal_workspace, member)
    shop.tell("order.paid", version, owner.personal_workspace)
    tasks.mail_owed_notices()
    assert [message.to for message in mail.outbox] == [[owner.email]]
    assert "$29.00" in mail.outbox[0].body
    assert "/orders/" in mail.outbox[0].body


def test_it_is_written_in_the_language_of_the_person(owner: User, version: ProductVersion) -> None:
    User.objects.filter(pk=owner.pk).update(locale="zh-hans")
    shop.tell("order.paid", version, owner.personal_workspace)
    tasks.mail_owed_notices()
    assert "US$29.00" in mail.outbox[0].body


def test_money_that_opened_nothing_is_told(owner: User) -> None:
    version = shop.early_access(until=clock.now() - timedelta(minutes=5))
    shop.tell("order.paid", version, owner.personal_workspace)
    assert sent() == ["flux-pro, early · paid, but nothing was opened"]


def test_a_renewal_that_failed_is_told_once_a_period(owner: User) -> None:
    version = shop.offer("monthly")
    shop.tell("order.paid", version, owner.personal_workspace)
    sent()
    for _ in range(2):
        shop.tell("subscription.past_due", version, owner.personal_workspace)
    assert sent() == ["Flower, monthly · the renewal failed"]


def test_a_mail_server_that_is_away_gets_it_later(owner: User, version: ProductVersion, monkeypatch) -> None:
    shop.tell("order.paid", version, owner.personal_workspace)

    def away(*_values: object) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(order_mails, "send_mail", away)
        with pytest.raises(ConnectionRefusedError):
            tasks.mail_owed_notices()
    assert sent() == ["Flower, monthly · it works now"]


def test_an_address_that_is_refused_holds_nobody_up(owner: User, version: ProductVersion, monkeypatch) -> None:
    shop.tell("order.paid", version, owner.personal_workspace)

    def refused(*_values: object) -> None:
        raise SMTPRecipientsRefused({owner.email: (550, b"No such user")})

    with monkeypatch.context() as patch:
        patch.setattr(order_mails, "send_mail", refused)
        tasks.mail_owed_notices()
    assert not OrderNotice.objects.filter(settled_at=None).exists()
    assert sent() == []


def test_old_news_are_not_told(owner: User, version: ProductVersion) -> None:
    shop.tell("order.paid", version, owner.personal_workspace, at=clock.now() - timedelta(days=10))
    assert sent() == []
    shop.tell("order.paid", version, owner.personal_workspace, reference="ord_2")
    OrderNotice.objects.update(noted_at=clock.now() - timedelta(days=4))
    assert sent() == []


def test_nobody_who_may_not_sign_in_is_told(owner: User, version: ProductVersion) -> None:
    shop.tell("order.paid", version, owner.personal_workspace)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert sent() == []


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=8), 0),
        (timedelta(days=6), 1),
        (timedelta(hours=20), 1),
    ],
)
def test_the_end_is_told_a_week_and_a_day_before(owner: User, left: timedelta, told: int) -> None:
    version = shop.offer("thirty", interval="", lasts_days=30, sale_from=clock.now() - timedelta(days=60))
    shop.tell("order.paid", version, owner.personal_workspace, at=clock.now() - timedelta(days=30) + left)
    sent()
    for _ in range(2):
        tasks.warn_before_expiry()
    assert sent() == ["Flower, monthly · it ends soon"] * told


@pytest.mark.parametrize(
    ("kind", "more", "warned"),
    [
        ("subscription.resumed", {}, 0),
        ("order.refunded", {"refund": {"id": "re_1", "amount": 100}}, 0),
        ("subscription.cancelled", {}, 1),
    ],
)
def test_what_renews_by_itself_does_not_end(owner: User, kind: str, more: dict[str, Any], warned: int) -> None:
    version = shop.offer("monthly", sale_from=clock.now() - timedelta(days=60))
    shop.tell("order.paid", version, owner.personal_workspace, at=clock.now() - timedelta(days=26))
    shop.tell(kind, version, owner.personal_workspace, **more)
    assert tasks.warn_before_expiry() == warned
