"""One mail to one person, in their language."""

from smtplib import SMTPRecipientsRefused
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import override

from accounts.models import User

log = structlog.get_logger(__name__)


def send(person: User, name: str, context: dict[str, Any]) -> None:
    """`mail/<name>.txt` and `mail/<name>_subject.txt`. Raises OSError where the mail server takes none. An address
    that it refuses is nobody's, today and tomorrow, and counts as told: others wait behind it."""
    with override(person.locale):
        values = {**context, "person": person}
        subject = " ".join(render_to_string(f"mail/{name}_subject.txt", values).split())
        body = render_to_string(f"mail/{name}.txt", values).strip() + "\n"
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [person.email])
    except SMTPRecipientsRefused:
        log.warning("mail_refused", mail=name, person=person.public_id)
