"""How allauth's sign-in meets our people: workspaces, demo people, linked identities, mail, sealed secrets."""

import time
from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from accounts.actions.people import register_person
from accounts.addresses import client_address
from accounts.backends import may_sign_in
from accounts.encryption import seal, unseal
from accounts.errors import MailNotSent
from accounts.models import User
from accounts.names import seen

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def new_user(self, request: HttpRequest) -> User:
        return User(locale=supported_language())

    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Person and personal workspace in one transaction: nobody can sign in without a workspace."""
        super().save_user(request, user, form, commit=False)
        user.name = user.name or form.cleaned_data.get("name", "")
        user.email = user.email.lower()
        if commit:
            register_person(person=user)
        return user

    def pre_login(self, request: HttpRequest, user: User, **hooks: Any) -> HttpResponse | None:
        """Every way in passes here: password, code, passkey, reset, a linked identity."""
        if not may_sign_in(user):
            user.is_active = False  # Not saved: allauth then clears what it had begun, and answers "inactive".
        response: HttpResponse | None = super().pre_login(request, user, **hooks)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """A sign-up ends here with the code in the mail just shown, which the library does not write down."""
        super().login(request, user)
        if not get_authentication_records(request, user):
            record_authentication(request, user, method="code", email=user.email)

    def is_reauthentication_required(self, *, app: str) -> bool:
        """A sign-in counts as well as a repeated password does, for as long."""
        records = get_authentication_records(self.request, self.request.user)
        newest = max((record["at"] for record in records), default=0.0)
        return time.time() - newest >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sent at once, for a code must arrive although no worker runs. `EMAIL_TIMEOUT` bounds the wait."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            log.warning("mail_not_sent", template=template_prefix, error=type(error).__name__)
            raise MailNotSent from error

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """News of what has been done already must not undo or hide it."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except MailNotSent:
            log.warning("notification_not_sent")

    def get_client_ip(self, request: HttpRequest) -> str:
        address = client_address(request)
        if address is None:
            raise PermissionDenied("no client address: is TRUSTED_PROXY_COUNT right?")
        return address

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("profile:security")


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """An identity joins an existing person only from that person's own session. Whoever comes with a known
        address is told so, if the provider vouches for the address; else allauth's silence keeps it secret."""
        if sociallogin.is_existing or sociallogin.state.get("process") == "connect":
            return
        vouched = [address.email.lower() for address in sociallogin.email_addresses if address.verified]
        if (
            User.objects.filter(email__in=vouched).exists()
            or EmailAddress.objects.filter(email__in=vouched, verified=True).exists()
        ):
            provider = sociallogin.provider.name
            page = render(request, "socialaccount/address_known.html", {"provider": provider}, status=409)
            raise ImmediateHttpResponse(page)

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        given = " ".join(part for part in [data.get("first_name"), data.get("last_name")] if part)
        user.name = seen(data.get("name") or given, most=100)
        user.locale = supported_language()
        return user

    def save_user(self, request: HttpRequest, sociallogin: Any, form: BaseForm | None = None) -> User:
        """Person, identity and personal workspace in one transaction."""
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            register_person(person=user)
        return user


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return {**entity, "name": settings.MFA_TOTP_ISSUER}


def supported_language() -> str:
    """The language of this request, as a value of `User.locale`."""
    language = get_language() or ""
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
