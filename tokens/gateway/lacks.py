"""The refusals of the holding step: what is lacking, and how to obtain it. Pure but for gettext."""

from datetime import datetime
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from tiers.entitlements import Lack, NotHeld, opens
from tiers.facts import Catalogue, GrantFacts, ModelFacts, TierFacts
from tokens.gateway.ask import OpenRequest, Pass, Refusal, Remedy
from tokens.gateway.moments import moment

# What the approval of an access request for a model gives.
EVERYTHING = frozenset({"generate", "download"})
_STATES = {
    "draft": lambda: _("a draft"),
    "submitted": lambda: _("waiting for a reviewer"),
    "in_review": lambda: _("in review"),
    "changes_requested": lambda: _("waiting for your answer"),
}


def not_held(
    catalogue: Catalogue,
    rights: Pass,
    model: ModelFacts,
    result: NotHeld,
    stands: TierFacts,
    *,
    permission: str,
    now: datetime,
) -> Refusal:
    """The refusal of a known model that is not held. To a publishable token no open request is named."""
    required = catalogue.tiers.get(model.tier or "")
    message, remedies = _sentence(model, result, stands, required, permission)
    open_request = None if rights.publishable else covering(catalogue, rights, model, permission, now)
    if open_request is not None:
        message = _("%(message)s Your access request of %(date)s is %(state)s.") % {
            "message": message,
            "date": moment(open_request.since),
            "state": _STATES[open_request.state](),
        }
        remedies = (_see_request(open_request), *(r for r in remedies if r.kind != "apply"))
    return Refusal(result.lack.value, message, "model", remedies)


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


def _sentence(
    model: ModelFacts, result: NotHeld, stands: TierFacts, required: TierFacts | None, permission: str
) -> tuple[str, tuple[Remedy, ...]]:
    grant = result.grant
    if grant is not None:
        return _GRANT_SENTENCES[result.lack](model, grant)
    if result.lack is Lack.EARLY_ACCESS:
        return _early_access(model, stands, required)
    if result.lack is Lack.APPROVAL_REQUIRED:
        return _approval_required(model, permission)
    return _tier_required(model, stands, required)


def _approval_required(model: ModelFacts, permission: str) -> tuple[str, tuple[Remedy, ...]]:
    if permission == "download" and not model.gated:
        message = _("No tier opens %(model)s to download: that takes an approved access request for the model.")
        return message % {"model": model.name}, (_apply(model=model.name, permission=permission),)
    message = _("%(model)s opens by approval alone. Ask for access.") % {"model": model.name}
    return message, (_apply(model=model.name),)


def _tier_required(model: ModelFacts, stands: TierFacts, required: TierFacts | None) -> tuple[str, tuple[Remedy, ...]]:
    slug = required.slug if required else ""
    message = _("%(model)s opens from the %(required)s tier; this application stands on %(current)s.") % {
        "model": model.name,
        "required": slug,
        "current": stands.slug,
    }
    return message, (_apply(tier=slug),)


def _early_access(model: ModelFacts, stands: TierFacts, required: TierFacts | None) -> tuple[str, tuple[Remedy, ...]]:
    """Waiting is a way out only where the tier that one stands on opens the model afterwards."""
    until = model.early_access_until
    facts = {"model": model.name, "date": moment(until) if until else "", "tier": required.slug if required else ""}
    apply = _apply(model=model.name)
    if model.gated or required is None or stands.rank < required.rank:
        return _("%(model)s is in early access until %(date)s. Ask for access.") % facts, (apply,)
    message = _(
        "%(model)s is in early access until %(date)s. Ask for access, or wait until it opens to the %(tier)s tier."
    )
    return message % facts, (Remedy("wait", _("Wait until %(date)s") % facts, until=until), apply)


def _suspended(model: ModelFacts, grant: GrantFacts) -> tuple[str, tuple[Remedy, ...]]:
    message = _("The grant that opens %(model)s is suspended. It opens again when the suspension is lifted.") % {
        "model": model.name
    }
    return message, (Remedy("wait", _("See its state"), "/workspace/activity/"), _contact())


def _not_started(model: ModelFacts, grant: GrantFacts) -> tuple[str, tuple[Remedy, ...]]:
    facts = {"model": model.name, "date": moment(grant.starts_at)}
    message = _("%(model)s opens to this application on %(date)s.") % facts
    return message, (Remedy("wait", _("Wait until %(date)s") % facts, until=grant.starts_at),)


def _expired(model: ModelFacts, grant: GrantFacts) -> tuple[str, tuple[Remedy, ...]]:
    message = _("The grant that opened %(model)s ended on %(date)s. Ask again to renew it.") % {
        "model": model.name,
        "date": moment(grant.ends_at) if grant.ends_at else "",
    }
    return message, (_apply(tier=grant.tier or model.tier) if grant.tier or model.tier else _apply(model=model.name),)


_GRANT_SENTENCES = {
    Lack.GRANT_SUSPENDED: _suspended,
    Lack.GRANT_NOT_STARTED: _not_started,
    Lack.GRANT_EXPIRED: _expired,
}


def _apply(*, tier: str | None = None, model: str | None = None, permission: str | None = None) -> Remedy:
    """The form, filled in for this tier or model."""
    wanted = (("tier", tier), ("model", model), ("permission", permission))
    query = urlencode({key: value for key, value in wanted if value})
    label = _("Apply for %(subject)s") % {"subject": tier or model}
    return Remedy("apply", label, f"/requests/new/?{query}")


def _see_request(request: OpenRequest) -> Remedy:
    if request.state in {"draft", "changes_requested"}:
        return Remedy("apply", _("Finish your access request"), f"/requests/{request.id}/")
    return Remedy("wait", _("See your access request"), f"/requests/{request.id}/")


def _contact() -> Remedy:
    return Remedy("contact", _("See whom to ask"), "/workspace/")
