"""Who asks: since when they are here, how they sign in, from where. Addresses themselves are never kept in a signal."""

from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from accounts.models import AuditEvent, AuditOrigin
from tokens.evidence.finding import Case, Finding, could_not
from tokens.models import SignalKind, SignalState

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
MANY_ACCOUNTS: Final = 3
_SENT: Final = ("request.submitted", "request.resubmitted")


def account_age(case: Case) -> Finding:
    joined = case.asked.applicant.date_joined
    age = (case.asked.submitted_at or case.now) - joined
    state = SignalState.WARN if age < _DAY else SignalState.NOTICE if age < _WEEK else SignalState.OK
    return Finding(SignalKind.ACCOUNT_AGE, state, {"since": joined.isoformat()})


def identities(case: Case) -> Finding:
    """Which accounts elsewhere are linked, and whether the e-mail address was confirmed."""
    person = case.asked.applicant
    linked = SocialAccount.objects.filter(user=person).order_by("provider").values_list("provider", "date_joined")
    factors = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    confirmed = EmailAddress.objects.filter(user=person, email__iexact=person.email, verified=True).exists()
    facts = {
        "confirmed": confirmed,
        "linked": [{"provider": provider, "since": since.isoformat()} for provider, since in linked],
        "factors": sorted(factors & {Authenticator.Type.WEBAUTHN.value, Authenticator.Type.TOTP.value}),
    }
    sure = facts["linked"] or facts["factors"]
    state = SignalState.WARN if not confirmed else SignalState.OK if sure else SignalState.NOTICE
    return Finding(SignalKind.IDENTITIES, state, facts)


def mail(case: Case) -> Finding:
    """Whether the e-mail address is one to be thrown away."""
    host = case.asked.applicant.email.rpartition("@")[2].casefold()
    thrown_away = any(host == domain or host.endswith(f".{domain}") for domain in disposable())
    return Finding(SignalKind.MAIL, SignalState.WARN if thrown_away else SignalState.OK, {"disposable": thrown_away})


def disposable() -> frozenset[str]:
    """The list beside this file and what the platform adds to it."""
    return _listed() | frozenset(domain.casefold() for domain in settings.DISPOSABLE_MAIL_DOMAINS)


@lru_cache(maxsize=1)
def _listed() -> frozenset[str]:
    text = Path(__file__).with_name("disposable_mail.txt").read_text(encoding="utf-8")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return frozenset(line for line in lines if line)


def addresses(case: Case) -> Finding:
    """How many other people sent an access request from the same network address within a day."""
    sent = AuditEvent.objects.filter(
        subject_type="AccessRequest", subject_id=case.asked.public_id, action__in=_SENT, actor=case.asked.applicant
    )
    origin = AuditOrigin.objects.filter(event__in=sent).order_by("-event_id").select_related("event").first()
    if origin is None or origin.address is None:
        return could_not(SignalKind.ADDRESSES, "not_known")
    day = (origin.event.at - _DAY, origin.event.at + _DAY)
    others = AuditEvent.objects.filter(action__in=_SENT, at__range=day, origin__address=origin.address)
    number = others.exclude(actor=case.asked.applicant).values("actor").distinct().count()
    state = SignalState.WARN if number >= MANY_ACCOUNTS else SignalState.NOTICE if number else SignalState.OK
    return Finding(SignalKind.ADDRESSES, state, {"others": number})
