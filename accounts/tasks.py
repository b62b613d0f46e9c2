"""Background work about people: invitations by mail, checkpoints of the audit."""

from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import audit_chain, clock
from accounts.invitations import is_secret_of, secret_for
from accounts.models import Invitation


@shared_task  # type: ignore[untyped-decorator]
def mail_invitation(pk: int) -> None:
    """Mail one invitation, once. Claimed before it is sent, given back if the mail server does not take it.

    The mail has an address, a link and fixed words: nothing that a person typed, so it cannot carry a message."""
    now = clock.now()
    waiting = Invitation.objects.filter(pk=pk, mailed_at=None, accepted_at=None, revoked_at=None, expires_at__gt=now)
    if not waiting.update(mailed_at=now):
        return
    invitation = Invitation.objects.select_related("created_by").get(pk=pk)
    secret = secret_for(invitation.public_id)
    if not is_secret_of(secret, invitation.secret_hash):
        return  # SECRET_KEY was changed in between: the link would not work. It shows as not sent.
    path = reverse("invitation", args=[invitation.public_id, secret])
    try:
        with translation.override(invitation.created_by.locale):
            body = render_to_string("accounts/mail/invitation.txt", {"link": settings.SITE_URL + path})
            send_mail(_("An invitation to a workspace on Trellis"), body, None, [invitation.email])
    except OSError:
        Invitation.objects.filter(pk=pk).update(mailed_at=None)
        raise


@shared_task  # type: ignore[untyped-decorator]
def mail_waiting_invitations() -> int:
    """The sweep: what was not handed to the broker, or not taken by the mail server, is tried again; how many."""
    now = clock.now()
    waiting = Invitation.objects.filter(mailed_at=None, accepted_at=None, revoked_at=None, expires_at__gt=now)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:200])
    for pk in ids:
        mail_invitation.delay(pk)
    return len(ids)


@shared_task  # type: ignore[untyped-decorator]
def checkpoint_audit() -> None:
    audit_chain.checkpoint()
