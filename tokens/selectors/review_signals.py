"""What speaks for and against an access request, from what is known here alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Count, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Membership, MembershipRole, User
from tiers.facts import Catalogue, TierFacts
from tokens.models import AccessRequest, Domain, RequestState, Token
from tokens.selectors.review_filters import visible

_FACTORS: Final = {
    Authenticator.Type.WEBAUTHN: (gettext_lazy("Passkey"), "fingerprint"),
    Authenticator.Type.TOTP: (gettext_lazy("Password and code"), "smartphone"),
}


@dataclass(frozen=True, slots=True)
class Signal:
    """One named fact. `tone` ok, warn or bad has a glyph beside it, never colour alone."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    icon: str = ""
    at: datetime | None = None


def signals(access_request: AccessRequest, catalogue: Catalogue, tokens: Sequence[Token]) -> list[Signal]:
    return [
        _domain(list(access_request.application.domains.all())),
        _volume(access_request, catalogue),
        _token_in_query(tokens),
        _sign_in(access_request.applicant),
        _membership(access_request),
        _earlier(access_request),
    ]


def _domain(domains: list[Domain]) -> Signal:
    proved = [domain for domain in domains if domain.proved_at is not None]
    if not domains:
        return Signal(_("Domain"), _("None given"), icon="globe")
    if not proved:
        return Signal(_("Domain"), domains[0].host, _("not proved"), "warn", "triangle-alert")
    if len(proved) < len(domains):
        note = _("%(proved)d of %(all)d proved") % {"proved": len(proved), "all": len(domains)}
        return Signal(_("Domain"), proved[0].host, note, "warn", "triangle-alert")
    if len(proved) == 1:
        return Signal(_("Domain"), proved[0].host, str(proved[0].get_proved_method_display()), "ok", "circle-check")
    note = ngettext("and %(number)d more, proved", "and %(number)d more, all proved", len(proved) - 1)
    return Signal(_("Domain"), proved[0].host, note % {"number": len(proved) - 1}, "ok", "circle-check")


def _volume(access_request: AccessRequest, catalogue: Catalogue) -> Signal:
    """Beside what is expected, the lowest tier whose daily allowance holds it."""
    expected = access_request.expected_volume
    if expected is None:
        return Signal(_("Expected calls per day"), _("Not given"))
    enough = _enough(catalogue, expected)
    note = _("fits %(tier)s") % {"tier": enough.slug} if enough else _("more than any tier allows")
    return Signal(_("Expected calls per day"), number_format(expected, use_l10n=True, force_grouping=True), note)


def _enough(catalogue: Catalogue, calls: int) -> TierFacts | None:
    fitting = [t for t in catalogue.tiers.values() if t.requests_per_day is None or t.requests_per_day >= calls]
    return min(fitting, key=lambda tier: tier.rank, default=None)


def _token_in_query(tokens: Sequence[Token]) -> Signal:
    label = _("Secret token in an address")
    seen = [token.seen_in_query_at for token in tokens if token.seen_in_query_at is not None]
    if seen:
        return Signal(label, _("Seen"), tone="bad", icon="shield-alert", at=max(seen))
    if not tokens:
        return Signal(label, _("No live token yet"))
    return Signal(label, _("Never seen"), tone="ok", icon="circle-check")


def _sign_in(applicant: User) -> Signal:
    kinds = set(Authenticator.objects.filter(user=applicant).values_list("type", flat=True))
    confirmed = EmailAddress.objects.filter(user=applicant, email__iexact=applicant.email, verified=True).exists()
    value, icon = next(
        ((str(v), i) for kind, (v, i) in _FACTORS.items() if kind in kinds), (_("Password alone"), "key")
    )
    note = _("here since") if confirmed else _("address not confirmed, here since")
    return Signal(_("Sign-in"), str(value), note, "" if confirmed else "warn", icon, applicant.date_joined)


def _membership(access_request: AccessRequest) -> Signal:
    found = Membership.objects.filter(workspace=access_request.workspace_id)
    members = found.aggregate(
        all=Count("id"), owner=Count("id", filter=Q(user=access_request.applicant, role=MembershipRole.OWNER))
    )
    if members["all"] == 1:
        return Signal(_("Workspace"), _("Works alone"), access_request.workspace.name, icon="user-round")
    note = _("applicant is an owner") if members["owner"] else _("applicant is a member")
    value = ngettext("%(number)d member", "%(number)d members", members["all"]) % {"number": members["all"]}
    return Signal(_("Workspace"), value, note, icon="users")


def _earlier(access_request: AccessRequest) -> Signal:
    """Of the whole workspace, since one asks again under another application's name."""
    earlier = (
        visible()
        .filter(workspace=access_request.workspace_id, id__lt=access_request.pk)
        .aggregate(
            approved=Count("id", filter=Q(state=RequestState.APPROVED)),
            rejected=Count("id", filter=Q(state=RequestState.REJECTED)),
        )
    )
    label = _("Earlier access requests")
    if not any(earlier.values()):
        return Signal(label, _("None decided"))
    value = _("%(approved)d approved, %(rejected)d rejected") % earlier
    again = access_request.previous
    rejected_before = again is not None and again.state == RequestState.REJECTED
    note = _("this one was rejected before") if rejected_before else ""
    return Signal(label, value, note, "warn" if rejected_before else "", "history")
