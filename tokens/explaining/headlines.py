"""Each refusal in a few words, for a heading; the whole sentence with the way out is the refusal's own message."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tokens.gateway.ask import Refusal
from tokens.gateway.explanations import Explanation
from tokens.gateway.moments import moment
from tokens.gateway.refusals import shown

HEADLINES: Final[Mapping[str, Promise]] = {
    "token_malformed": _("This is not a token of Trellis"),
    "token_unknown": _("This token is not one of ours"),
    "token_revoked": _("This token was revoked"),
    "token_expired": _("This token has ended"),
    "token_missing": _("%(model)s is not open without a token"),
    "rate_limited": _("Too many calls in a minute"),
    "workspace_suspended": _("The workspace is suspended"),
    "application_suspended": _("The application is suspended"),
    "origin_not_allowed": _("The token is not for calls from there"),
    "ip_not_allowed": _("The token is not for calls from this address"),
    "endpoint_unknown": _("There is no endpoint %(method)s %(path)s"),
    "model_missing": _("The call names no model"),
    "model_not_found": _("There is no model “%(asked)s”"),
    "model_retired": _("%(model)s is no longer served"),
    "token_scope": _("The token is restricted to other calls"),
    "payment_pending": _("The payment that opens %(model)s has not settled"),
    "grant_suspended": _("What opens %(model)s is suspended"),
    "grant_not_started": _("%(model)s opens later"),
    "grant_expired": _("What opened %(model)s has ended"),
    "trial_used_up": _("The free tries of %(model)s are used up"),
    "early_access": _("%(model)s is in early access until %(date)s"),
    "approval_required": _("%(model)s opens by approval alone"),
    "tier_required": _("%(model)s opens from the %(tier)s tier"),
    "wrong_endpoint": _("%(model)s is not served on %(path)s"),
    "allowance_used_up": _("The allowance is used up"),
    "unavailable": _("Trellis could not read its database"),
}


def headline(explanation: Explanation, refusal: Refusal) -> str:
    """A code that has no headline yet is named as it is."""
    words = HEADLINES.get(refusal.code)
    return str(words) % _facts(explanation) if words is not None else refusal.code


def allowed(explanation: Explanation) -> str:
    model = explanation.decision.model
    return gettext("%(model)s is open to this call") % {"model": model} if model else gettext("This call is allowed")


def _facts(explanation: Explanation) -> dict[str, str]:
    ask, model = explanation.decision.ask, explanation.case.model
    until = model.early_access_ends if model else None
    return {
        "asked": shown(explanation.case.model_name or ""),
        "model": model.name if model else "",
        "tier": (model.tier if model else None) or "",
        "date": moment(until) if until else "",
        "method": shown(ask.method),
        "path": shown(ask.endpoint.partition("?")[0]),
    }
