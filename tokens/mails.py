"""One mail to one person, in their language, from the two templates of its name."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import override

from accounts.models import User


def send(person: User, name: str, context: Mapping[str, Any], *, key: str = "") -> None:
    """`key`: what makes it the same mail when it is sent again. Raises OSError where the mail server takes none."""
    with override(person.locale):
        values = {**context, "person": person}
        subject = " ".join(render_to_string(f"mail/{name}_subject.txt", values).split())
        body = render_to_string(f"mail/{name}.txt", values).strip() + "\n"
    headers = {"Message-ID": f"<{key}@{urlsplit(settings.SITE_URL).hostname}>"} if key else {}
    EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [person.email], headers=headers).send()
