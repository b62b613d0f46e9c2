"""The sentence and the ways out of each refusal, from the facts of the case. Pure but for gettext.

`message` names the cause in words a tired person understands; remedies put the free one first. Links are paths
of this site. To the holder of a publishable token (every visitor of a site has it) nothing is told of the workspace,
its open requests or the reason of a suspension.
"""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tiers.facts import Catalogue, ModelFacts, OperationFacts
from tiers.words import said
from tokens.gateway import endpoints
from tokens.gateway.ask import Address, Ask, Pass, Refusal, Remedy
from tokens.gateway.moments import moment
from tokens.gateway.nearest import differs_in_case, nearest

MODELS_PAGE = "/models/"
NEW_TOKEN_PAGE = "/tokens/new/"  # noqa: S105
MAX_SHOWN = 100


def shown(text: str) -> str:
    """What a caller sent, fit to be repeated: one line of printable characters, bounded."""
    clean = "".join(char if char.isprintable() else "?" for char in text)
    return clean if len(clean) <= MAX_SHOWN else f"{clean[:MAX_SHOWN]}…"


# --- The token --------------------------------------------------------------------------------------------


def token_malformed() -> Refusal:
    message = _("This is not a Trellis token: its form or its checksum is wrong. Check that it was copied whole.")
    return Refusal("token_malformed", message, "token", (_new_token(),))


def tokens_differ() -> Refusal:
    message = _("The call carries two tokens that differ. Send one, in the Authorization header.")
    return Refusal("token_malformed", message, "token", (_edit_tokens(),))


def secret_in_query(rights: Pass) -> Refusal:
    message = _(
        "A secret token came in the query string, where logs keep it. Send it in the Authorization header instead, "
        "or allow it in the query for this application."
    )
    edit = Remedy("edit", _("Change the application's settings"), f"/applications/{rights.application.id}/edit/")
    return Refusal("token_malformed", message, "token", (edit,))


def token_unknown() -> Refusal:
    message = _("This token is well-formed, but it is not one of ours. It may belong to another platform or copy.")
    return Refusal("token_unknown", message, "token", (_new_token(),))


def token_revoked(rights: Pass) -> Refusal:
    at = moment(rights.revoked_at) if rights.revoked_at else ""
    if rights.leaked:
        message = _("This token was revoked on %(at)s because it had leaked. Make a new one.") % {"at": at}
    else:
        message = _("This token was revoked on %(at)s. Make a new one.") % {"at": at}
    return Refusal("token_revoked", message, "token", (_new_token(rights),))


def token_expired(rights: Pass) -> Refusal:
    at = moment(rights.ends_at) if rights.ends_at else ""
    if rights.rotated:
        message = _("This secret was rotated and stopped working on %(at)s. Use the new secret.") % {"at": at}
    else:
        message = _("This token expired on %(at)s. Make a new one.") % {"at": at}
    rotate = Remedy("rotate", _("See the token"), f"/tokens/{rights.token}/")
    return Refusal("token_expired", message, "token", (rotate, _new_token(rights)))


def token_missing(model: ModelFacts) -> Refusal:
    message = _("%(model)s is not open to callers without a token. Send one in the Authorization header.") % {
        "model": model.name
    }
    return Refusal("token_missing", message, "token", (_new_token(),))


def token_needed() -> Refusal:
    message = _("This is answered to a token's holder alone. Send the token in the Authorization header.")
    return Refusal("token_missing", message, "token", (_new_token(),))


def _new_token(rights: Pass | None = None) -> Remedy:
    query = f"?{urlencode({'application': rights.application.id})}" if rights else ""
    return Remedy("apply", _("Make a token"), f"{NEW_TOKEN_PAGE}{query}")


def _edit_tokens() -> Remedy:
    return Remedy("edit", _("See your tokens"), "/tokens/")


# --- Who and where from -----------------------------------------------------------------------------------


def workspace_suspended(rights: Pass) -> Refusal:
    return _suspended(rights, "workspace_suspended", _("The workspace of this token is suspended."), "/workspace/")


def application_suspended(rights: Pass) -> Refusal:
    page = f"/applications/{rights.application.id}/"
    return _suspended(rights, "application_suspended", _("The application of this token is suspended."), page)


def _suspended(rights: Pass, code: str, message: str, page: str) -> Refusal:
    reason = {
        "workspace_suspended": rights.workspace_suspended_reason,
        "application_suspended": rights.application.suspended_reason,
    }[code]
    if reason and not rights.publishable:
        message = _("%(message)s The reason given: %(reason)s") % {"message": message, "reason": reason}
    return Refusal(code, message, "token", (Remedy("contact", _("See why, and whom to ask"), page),))


def origin_not_allowed(rights: Pass, origin: str | None) -> Refusal:
    if not origin or origin == "null":
        message = _("This token works only in browsers, from its own domains, and the call has no Origin.")
    else:
        message = _("This token may not be used from %(origin)s: it is not one of its domains.") % {
            "origin": shown(origin)
        }
    edit = Remedy("edit", _("Add the domain"), f"/applications/{rights.application.id}/")
    return Refusal("origin_not_allowed", message, "origin", (edit,))


def ip_not_allowed(rights: Pass, address: Address | None) -> Refusal:
    if address is None:
        message = _("This token is restricted to certain networks, and the caller's address is not known.")
    else:
        message = _("This token may not be used from %(address)s.") % {"address": address}
    edit = Remedy("edit", _("Change the token's networks"), f"/tokens/{rights.token}/edit/")
    return Refusal("ip_not_allowed", message, "ip", (edit,))


# --- What is called ---------------------------------------------------------------------------------------


def endpoint_unknown(catalogue: Catalogue, ask: Ask) -> Refusal:
    path = shown(ask.endpoint.partition("?")[0])
    methods = endpoints.methods_of(catalogue.operations, ask.endpoint)
    if methods:
        message = _("%(path)s takes %(methods)s, not %(method)s.") % {
            "path": path,
            "methods": ", ".join(methods),
            "method": shown(ask.method),
        }
        return Refusal(
            "endpoint_unknown", message, "endpoint", tuple(_use_endpoint(f"{verb} {path}") for verb in methods)
        )
    patterns = [pattern for operation in catalogue.operations.values() for pattern in operation.endpoints]
    close = nearest(path, {pattern.partition(" ")[2] for pattern in patterns}, most=1)
    message = _("There is no endpoint %(method)s %(path)s.") % {"method": shown(ask.method), "path": path}
    if close:
        message = _("%(message)s Did you mean %(path)s?") % {"message": message, "path": close[0]}
    remedies = tuple(_use_endpoint(p) for p in patterns if close and p.partition(" ")[2] == close[0])
    return Refusal("endpoint_unknown", message, "endpoint", (*remedies, _see_models()))


def model_missing() -> Refusal:
    message = _("No model was given. Name one in the field “model” of the call.")
    return Refusal("model_missing", message, "model", (_see_models(),))


def model_not_found(catalogue: Catalogue, name: str) -> Refusal:
    names = catalogue.by_any_name
    close = nearest(name, names)
    if close and differs_in_case(name, close[0]):
        close = close[:1]
        message = _("There is no model “%(name)s”. Names are case-sensitive: it is “%(close)s”.") % {
            "name": shown(name),
            "close": close[0],
        }
    elif close:
        message = _("There is no model “%(name)s”. The nearest names are %(close)s.") % {
            "name": shown(name),
            "close": ", ".join(close),
        }
    else:
        message = _("There is no model “%(name)s”.") % {"name": shown(name)}
    return Refusal("model_not_found", message, "model", (*(_use_model(near) for near in close), _see_models()))


def model_retired(model: ModelFacts) -> Refusal:
    at = moment(model.retired_at) if model.retired_at else ""
    if model.successor:
        message = _("%(model)s was retired on %(at)s. Its successor is %(successor)s.") % {
            "model": model.name,
            "at": at,
            "successor": model.successor,
        }
        return Refusal("model_retired", message, "model", (_use_model(model.successor), _see_models()))
    message = _("%(model)s was retired on %(at)s.") % {"model": model.name, "at": at}
    return Refusal("model_retired", message, "model", (_see_models(),))


def token_scope(rights: Pass, param: str, asked: str, allowed: Iterable[str]) -> Refusal:
    names = sorted(allowed)
    message = ngettext(
        "This token is restricted by its holder to %(allowed)s, and the call asks for %(asked)s.",
        "This token is restricted by its holder to these: %(allowed)s. The call asks for %(asked)s.",
        len(names),
    ) % {"allowed": ", ".join(names), "asked": shown(asked)}
    edit = Remedy("edit", _("Change what the token may do"), f"/tokens/{rights.token}/edit/")
    return Refusal("token_scope", message, param, (edit,))


def wrong_endpoint(catalogue: Catalogue, model: ModelFacts, asked: OperationFacts) -> Refusal:
    serving = [operation for operation in catalogue.operations.values() if operation.slug in model.operations]
    named = [(operation.endpoints[0], operation.sends) for operation in serving if operation.endpoints]
    message = _("%(model)s is not served on the %(asked)s endpoint.") % {
        "model": model.name,
        "asked": said(asked.label),
    }
    if named:
        pattern, sends = named[0]
        use = _("%(message)s Call %(endpoint)s instead, and send “%(sends)s”.")
        plain = _("%(message)s Call %(endpoint)s instead.")
        differs = sends and sends != asked.sends
        message = (use if differs else plain) % {"message": message, "endpoint": pattern, "sends": sends}
        if asked.sends and differs:
            message = _("%(message)s (This call’s “%(asked)s” does not fit there.)") % {
                "message": message,
                "asked": asked.sends,
            }
    remedies = tuple(_use_endpoint(pattern) for pattern, _sends in named)
    return Refusal("wrong_endpoint", message, "endpoint", remedies or (_see_models(),))


def unavailable() -> Refusal:
    message = _("Trellis cannot read your rights at the moment. Nothing is wrong with your token: try again shortly.")
    return Refusal("unavailable", message, None, (Remedy("wait", _("Try again in a few seconds")),), retry_after=2)


def _use_endpoint(pattern: str) -> Remedy:
    return Remedy("use", _("Call %(endpoint)s") % {"endpoint": pattern}, endpoint=pattern)


def _use_model(name: str) -> Remedy:
    label = _("Use %(model)s") % {"model": name}
    return Remedy("use", label, f"{MODELS_PAGE}?{urlencode({'q': name}, quote_via=quote)}", model=name)


def _see_models() -> Remedy:
    return Remedy("use", _("See the models you can call"), MODELS_PAGE)
