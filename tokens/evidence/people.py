"""Who asks: since when they are here, how they sign in, from where. Addresses themselves are never kept in a signal."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import BooleanField, F, Func, Value

from accounts.models import AuditEvent, AuditOrigin
from tokens.evidence.finding import Case, Finding, could_not
from tokens.models import SignalKind, SignalState

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
MANY_ACCOUNTS: Final = 3
# Private and link-local ones, loopback, and those of carriers that translate addresses (RFC 1918, 6598, 3927, 4193).
_SHARED: Final = [
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
]
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
    thrown_away = is_disposable(host)
    return Finding(SignalKind.MAIL, SignalState.WARN if thrown_away else SignalState.OK, {"disposable": thrown_away})


def is_disposable(host: str) -> bool:
    """By the list of `disposable-email-domains` and what the platform adds to it. A subdomain counts as its domain."""
    # Ten thousand names: 70 ms and 1 MB, which only who gathers needs.
    from disposable_email_domains import blocklist

    added = {domain.casefold() for domain in settings.DISPOSABLE_MAIL_DOMAINS}
    labels = host.rstrip(".").split(".")
    parents = {".".join(labels[start:]) for start in range(len(labels))}
    return not parents.isdisjoint(blocklist) or not parents.isdisjoint(added)


def addresses(case: Case) -> Finding:
    """How many other people sent an access request from the same network within a day. Networks that many share without
    knowing each other (behind one provider's translation, or as private addresses) say nothing."""
    sent = AuditEvent.objects.filter(
        subject_type="AccessRequest", subject_id=case.asked.public_id, action__in=_SENT, actor=case.asked.applicant
    )
    origin = AuditOrigin.objects.filter(event__in=sent).order_by("-event_id").select_related("event").first()
    if origin is None or origin.address is None:
        return could_not(SignalKind.ADDRESSES, "not_known")
    network = network_of(origin.address)
    if network is None:
        return could_not(SignalKind.ADDRESSES, "shared_network")
    day = (origin.event.at - _DAY, origin.event.at + _DAY)
    events = AuditEvent.objects.filter(action__in=_SENT, at__range=day).exclude(actor=case.asked.applicant)
    there = events.alias(near=_Within(F("origin__address"), Value(str(network)))).filter(near=True)
    number = there.values("actor").distinct().count()
    same = there.filter(origin__address=origin.address).values("actor").distinct().count()
    state = SignalState.WARN if number >= MANY_ACCOUNTS else SignalState.NOTICE if number else SignalState.OK
    return Finding(SignalKind.ADDRESSES, state, {"others": number, "same": same, "prefix": network.prefixlen})


def network_of(text: str) -> IPv4Network | IPv6Network | None:
    """The /24 of an IPv4 address, the /48 of an IPv6 one: what one site, office or home commonly has. None for kinds of
    addresses that strangers share. An IPv4 address in IPv6's form stays in it, as it is stored."""
    address = ip_address(text)
    mapped = address.ipv4_mapped if address.version == 6 else None
    if any((mapped or address) in network for network in _SHARED):
        return None
    prefix = 24 if address.version == 4 else 96 + 24 if mapped else 48
    return ip_network((text, prefix), strict=False)


class _Within(Func):
    """Whether an address of the database is in a network."""

    template = "(%(expressions)s::inet)"
    arg_joiner = " <<= "
    output_field = BooleanField()
