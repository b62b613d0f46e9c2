"""RFC 7662, `POST /oauth2/introspect`: whose token is this, and is it good? Of one that is not, that alone is told."""

from base64 import b64decode
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.utils.translation import gettext as _

from tokens.gateway import gateway_keys, surveys
from tokens.gateway.http import Answer, Call, Fault, json_answer
from tokens.gateway.protocols.native import MAX_BODY, problem
from tokens.gateway.surveys import Survey

FORM = "application/x-www-form-urlencoded"


# What RFC 6749 calls a fault by its status; whatever else is wrong is an invalid request.
OAUTH_ERRORS = {401: "invalid_client", 503: "temporarily_unavailable"}


def introspect(call: Call) -> Answer:
    try:
        gateway_keys.authenticate(_key(call.header("Authorization")), call.remote_address, scope="introspect")
        survey = surveys.read(_token(call))
    except Fault as fault:
        return _problem(fault, call.request_id)
    alive = survey is not None and survey.is_alive
    return json_answer(200, _described(survey) if survey and alive else {"active": False})


def _problem(fault: Fault, request_id: str) -> Answer:
    """OAuth clients read `error` and `error_description`."""
    oauth = {"error": OAUTH_ERRORS.get(fault.status, "invalid_request"), "error_description": fault.detail}
    return problem(fault, request_id, **oauth)


def _key(header: str | None) -> str | None:
    """The gateway's key as a bearer, or as the secret of an OAuth client (RFC 6749, 2.3.1), whatever its id."""
    scheme, _blank, credential = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return gateway_keys.bearer(header)
    try:
        return b64decode(credential, validate=True).decode("ascii").partition(":")[2]
    except ValueError:
        return None


def _token(call: Call) -> str:
    """The one `token` of the form; `token_type_hint` and whatever else is sent are ignored. Raises Fault."""
    if call.media_type != FORM:
        raise Fault(415, "unsupported_media_type", _("Send the token as a form (application/x-www-form-urlencoded)."))
    body = call.body(MAX_BODY)
    if body is None:
        raise Fault(413, "too_large", _("A form has at most 64 KiB."))
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise Fault(400, "invalid_request", _("The form cannot be read.")) from error
    tokens = [value for name, value in fields if name == "token"]
    if len(tokens) != 1:
        raise Fault(400, "invalid_request", _("Send one field “token”."), param="token")
    return tokens[0]


def _described(survey: Survey) -> dict[str, Any]:
    """`scope` holds what the token may do at most, operation slugs where its holder restricted it to some."""
    rights = survey.rights
    body: dict[str, Any] = {
        "active": True,
        "scope": " ".join(sorted(rights.allowed_operations or survey.catalogue.operations)),
        "client_id": rights.application.id,
        "sub": rights.workspace,
        "jti": rights.token,
        "iss": settings.SITE_URL,
        "token_type": "Bearer",
        "token_kind": "publishable" if rights.publishable else "secret",
        "application": rights.application.slug,
        "tier": survey.standing.tier.slug,
        "rights_version": rights.rights_version,
    }
    if rights.ends_at is not None:
        body["exp"] = int(rights.ends_at.timestamp())
    return body
