"""The refusals of the holding step: what is lacking, and how to obtain it: the free ways first, then what can be
bought. Pure but for gettext. To a publishable token neither open request nor order is named."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tiers.entitlements import Lack, NotHeld, opens
from tiers.facts import Catalogue, GrantFacts, ModelFacts, ProductFacts, TierFacts
from tiers.money import cost
from tokens.gateway.ask import OpenRequest, Pass, Refusal, Remedy
from tokens.gateway.moments import moment
from tokens.gateway.offers import buy, offers

# What the approval of an access request for a model gives.
EVERYTHING = frozenset({"generate", "download"})
# A settled payment opens its model in the same instant: asking again soon costs little.
PAYMENT_RETRY_SECONDS: Final = 5
_BOUGHT: Final = frozenset(
    {Lack.GRANT_EXPIRED, Lack.TRIAL_USED_UP, Lack.EARLY_ACCESS, Lack.APPROVAL_REQUIRED, Lack.TIER_REQUIRED}
)
_ORDERED: Final = frozenset({"order", "early_access"})
_STATES = {
    "draft": lambda: _("a draft"),
    "submitted": lambda: _("waiting for a reviewer"),
    "in_review": lambda: _("in review"),
    "changes_requested": lambda: _("waiting for your answer"),
}


@dataclass(frozen=True)
class Lacking:
    """One refusal in the making."""

    catalogue: Catalogue
    rights: Pass
    model: ModelFacts
    result: NotHeld
    stands: TierFacts
    permission: str
    now: datetime

    @cached_property
    def required(self) -> TierFacts | None:
        return self.catalogue.tiers.get(self.model.tier or "")

    @cached_property
    def offers(self) -> tuple[ProductFacts, ...]:
        if self.result.lack not in _BOUGHT:
            return ()
        return offers(self.catalogue, self.model, self.permission, self.now)

    @cached_property
    def facts(self) -> dict[str, str]:
        """What sentences name; empty where there is no such thing."""
        until = self.model.early_access_ends
        return {
            "model": self.model.name,
            "tier": self.required.slug if self.required else "",
            "required": self.required.slug if self.required else "",
            "current": self.stands.slug,
            "date": moment(until) if until else "",
            "price": cost(self.offers[0]) if self.offers else "",
        }

    @property
    def opens_by_waiting(self) -> bool:
        """Waiting is a way out only where the tier that one stands on opens the model after the window."""
        return self.required is not None and not self.model.gated and self.stands.rank >= self.required.rank


Told = tuple[str, tuple[Remedy, ...]]


def not_held(lacking: Lacking) -> Refusal:
    """The refusal of a known model that is not held."""
    lack = lacking.result.lack
    message, remedies = _SENTENCES[lack](lacking)
    if lack is Lack.PAYMENT_PENDING:
        return Refusal(lack.value, message, "model", remedies, retry_after=PAYMENT_RETRY_SECONDS)
    open_request = None if lacking.rights.publishable else _covering(lacking)
    if open_request is not None:
        message = _("%(message)s Your access request of %(date)s is %(state)s.") % {
            "message": message,
            "date": moment(open_request.since),
            "state": _STATES[open_request.state](),
        }
        remedies = (see_request(open_request), *(r for r in remedies if r.kind != "apply"))
    return Refusal(lack.value, message, "model", (*remedies, *(buy(product) for product in lacking.offers)))


def _covering(lacking: Lacking) -> OpenRequest | None:
    return covering(lacking.catalogue, lacking.rights, lacking.model, lacking.permission, lacking.now)


def covering(
    catalogue: Catalogue, rights: Pass, model: ModelFacts, permission: str, now: datetime
) -> OpenRequest | None:
    """The open access request whose approval, as asked, would open the model at this instant."""
    for request in rights.open_requests:
        granted = GrantFacts(
            id=request.id,
            source="request",
            source_id=request.id,
            tier=request.tier,
            model=request.model,
            permissions=EVERYTHING if request.model else frozenset({"generate"}),
        )
        if opens(catalogue, granted, model, permission, now):
            return request
    return None


def _payment_pending(lacking: Lacking) -> Told:
    """Nobody is invited to pay a second time: what is under way is looked at, what was left unpaid is finished."""
    order = lacking.result.order
    wait = Remedy("wait", _("It opens by itself as soon as the payment has settled"))
    if order is None or lacking.rights.publishable:
        return _("%(model)s opens as soon as a payment has settled. Try again in a moment.") % lacking.facts, (wait,)
    facts = {**lacking.facts, "date": moment(order.since)}
    if order.pending:
        message = _("The payment of %(date)s that opens %(model)s is under way. It opens as soon as that has settled.")
        label = _("See how the payment stands")
    else:
        message = _(
            "The order of %(date)s that opens %(model)s is not paid yet. It opens as soon as the payment arrives."
        )
        label = _("Finish the payment")
    return message % facts, (wait, Remedy("pay", label, f"/orders/{order.id}/"))


def _suspended(lacking: Lacking) -> Told:
    grant = lacking.result.grant
    if grant is not None and grant.disputed_at is not None:
        message = _("The grant that opens %(model)s is suspended while its payment is disputed.") % lacking.facts
        named = grant.source in _ORDERED and not lacking.rights.publishable
        page = f"/orders/{grant.source_id}/" if named else "/workspace/activity/"
    else:
        message = _("The grant that opens %(model)s is suspended. It opens again when the suspension is lifted.")
        message, page = message % lacking.facts, "/workspace/activity/"
    return message, (Remedy("wait", _("See its state"), page), _contact())


def _not_started(lacking: Lacking) -> Told:
    starts_at = lacking.result.grant.starts_at if lacking.result.grant else lacking.now
    facts = {**lacking.facts, "date": moment(starts_at)}
    message = _("%(model)s opens to this application on %(date)s.") % facts
    return message, (Remedy("wait", _("Wait until %(date)s") % facts, until=starts_at),)


def _expired(lacking: Lacking) -> Told:
    grant = lacking.result.grant
    facts = {**lacking.facts, "date": moment(grant.ends_at) if grant and grant.ends_at else ""}
    message = _("The grant that opened %(model)s ended on %(date)s. Ask again to renew it.")
    if lacking.offers:
        message = _(
            "The grant that opened %(model)s ended on %(date)s. Ask again to renew it, or buy what opens it for "
            "%(price)s."
        )
    return message % facts, (_apply_for(lacking, grant.tier if grant else None),)


def _trial_used_up(lacking: Lacking) -> Told:
    tries = lacking.model.free_tries
    used = ngettext(
        "The %(number)d free try of %(model)s is used up.", "All %(number)d free tries of %(model)s are used up.", tries
    ) % {"model": lacking.model.name, "number": tries}
    message, remedies = _early_access(lacking)
    return _("%(used)s %(message)s") % {"used": used, "message": message}, remedies


def _early_access(lacking: Lacking) -> Told:
    sentences = {
        (False, False): _("%(model)s is in early access until %(date)s. Ask for access."),
        (False, True): _("%(model)s is in early access until %(date)s. Ask for access, or buy it for %(price)s."),
        (True, False): _(
            "%(model)s is in early access until %(date)s. Ask for access, or wait until it opens to the %(tier)s tier."
        ),
        (True, True): _(
            "%(model)s is in early access until %(date)s. Wait until it opens to the %(tier)s tier, ask for access, "
            "or buy early access for %(price)s."
        ),
    }
    message = sentences[lacking.opens_by_waiting, bool(lacking.offers)] % lacking.facts
    apply = _apply(model=lacking.model.name)
    if not lacking.opens_by_waiting:
        return message, (apply,)
    label = _("Wait until %(date)s") % lacking.facts
    return message, (Remedy("wait", label, until=lacking.model.early_access_ends), apply)


def _approval_required(lacking: Lacking) -> Told:
    if lacking.permission == "download" and not lacking.model.gated:
        message = _("No tier opens %(model)s to download: that takes an approved access request for the model.")
        if lacking.offers:
            message = _("No tier opens %(model)s to download. Ask for access, or buy it for %(price)s.")
    elif lacking.offers:
        message = _("No tier opens %(model)s. Ask for access, or buy it for %(price)s.")
    else:
        message = _("%(model)s opens by approval alone. Ask for access.")
    return message % lacking.facts, (_apply_for(lacking),)


def _tier_required(lacking: Lacking) -> Told:
    message = _("%(model)s opens from the %(required)s tier; this application stands on %(current)s.")
    return message % lacking.facts, (_apply_for(lacking),)


_SENTENCES: Final[dict[Lack, Callable[[Lacking], Told]]] = {
    Lack.PAYMENT_PENDING: _payment_pending,
    Lack.GRANT_SUSPENDED: _suspended,
    Lack.GRANT_NOT_STARTED: _not_started,
    Lack.GRANT_EXPIRED: _expired,
    Lack.TRIAL_USED_UP: _trial_used_up,
    Lack.EARLY_ACCESS: _early_access,
    Lack.APPROVAL_REQUIRED: _approval_required,
    Lack.TIER_REQUIRED: _tier_required,
}


def _apply_for(lacking: Lacking, tier: str | None = None) -> Remedy:
    """The access request that is taken for this model: for `tier`, or the lowest that opens it; for the model itself
    where no tier does now."""
    model = lacking.model
    if lacking.permission == "download":
        return _apply(model=model.name, permission=None if model.gated else lacking.permission)
    if model.gated or model.in_early_access(lacking.now):
        return _apply(model=model.name)
    return _apply(tier=tier or model.tier)


def _apply(*, tier: str | None = None, model: str | None = None, permission: str | None = None) -> Remedy:
    """The form, filled in for this tier or model."""
    wanted = (("tier", tier), ("model", model), ("permission", permission))
    query = urlencode({key: value for key, value in wanted if value})
    label = _("Apply for %(subject)s") % {"subject": tier or model}
    return Remedy("apply", label, f"/requests/new/?{query}")


def see_request(request: OpenRequest) -> Remedy:
    if request.state in {"draft", "changes_requested"}:
        return Remedy("apply", _("Finish your access request"), f"/requests/{request.id}/")
    return Remedy("wait", _("See your access request"), f"/requests/{request.id}/")


def _contact() -> Remedy:
    return Remedy("contact", _("See whom to ask"), "/workspace/")
