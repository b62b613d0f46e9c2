"""Mails about orders, in each person's language. Nothing but the telling depends on them.

A mail is settled once the mail server took it, under a claim, so no two workers send it. A worker killed between
the two lets it be sent again, which is better than never."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from accounts import clock
from accounts.backends import may_sign_in
from tiers.claims import claimed
from tiers.models import OrderNotice
from tiers.money import price

log = structlog.get_logger(__name__)
_BATCH: Final = 200
# A mail server that was away for longer delivers no news any more.
_NEWS: Final = timedelta(days=3)


def send_owed() -> int:
    """Send what is owed; how many mails that were. Raises OSError where the mail server takes none: the next sweep
    begins again with the first."""
    OrderNotice.objects.filter(settled_at=None, noted_at__lt=clock.now() - _NEWS).update(settled_at=Now())
    owed = OrderNotice.objects.filter(settled_at=None).order_by("pk").values_list("pk", flat=True)[:_BATCH]
    return sum(_send_once(pk) for pk in owed)


def _send_once(pk: int) -> bool:
    with claimed(f"notice:{pk}") as ours:
        if not ours:
            return False
        joined = ("person", "order__workspace", "order__version__product")
        notice = OrderNotice.objects.filter(settled_at=None).select_related(*joined).filter(pk=pk).first()
        if notice is None:
            return False
        sent = may_sign_in(notice.person)
        if sent:
            _send(notice)
        OrderNotice.objects.filter(pk=pk).update(settled_at=Now())
        return sent


def _send(notice: OrderNotice) -> None:
    with override(notice.person.locale):
        values = _values(notice)
        subject = " ".join(render_to_string("tiers/mail/order_subject.txt", values).split())
        body = render_to_string("tiers/mail/order.txt", values).strip() + "\n"
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [notice.person.email])
    except SMTPRecipientsRefused:  # Nobody is there, today or tomorrow, and others wait behind this mail.
        log.warning("order_mail_refused", notice=notice.pk)


def _values(notice: OrderNotice) -> dict[str, Any]:
    order = notice.order
    version = order.version
    return {
        "kind": notice.kind,
        "person": notice.person,
        "order": order,
        "product": version.name if version else order.public_id,
        "amount": price(version.amount, version.currency) if version else "",
        "refunded": price(order.refunded, version.currency) if version else "",
        "workspace": order.workspace,
        "link": settings.SITE_URL + reverse("orders:detail", args=[order.public_id]),
    }
