"""`ANY /v1/forward-auth`, for proxies."""

from typing import Any, Final

from tokens.gateway.http import JSON
from tokens.gateway.openapi.answers import LIMITS, answer, carried, errors
from tokens.gateway.openapi.asking import LANGUAGE, NOBODY, header
from tokens.gateway.openapi.shapes import text
from tokens.gateway.protocols.forward_auth import ACCEL, AUTH_REQUEST, METHODS
from tokens.gateway.protocols.forwarded import PREFIX

TAG: Final = {
    "name": "Forward-auth",
    "description": "A proxy asks whether it may pass a call on, and passes a refusal back to its caller as it is.",
}
WITH_BODY: Final = ("post", "put", "patch")
FAULTS: Final = (
    "invalid_request",
    "invalid_json",
    "invalid_ask",
    "ask_ambiguous",
    "gateway_unauthorized/500",
    "method_not_allowed",
    "too_large",
    "unavailable",
)


def paths() -> dict[str, Any]:
    return {
        PREFIX: {method.lower(): _ask(method.lower()) for method in METHODS},
        f"{PREFIX}/{{path}}": {"parameters": [_rest()], **{one.lower(): _ask(one.lower(), "Path") for one in METHODS}},
    }


def _ask(method: str, kind: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": f"forwardAuth{kind}{method.title()}",
        "tags": [TAG["name"]],
        "summary": "May this call be passed on?" if not kind else "The same, with the caller's path after ours",
        "description": _about(kind),
        "security": NOBODY,
        "parameters": [*_headers(), LANGUAGE, *([] if kind else [_style()])],
        "responses": _answers(),
    }
    return found | ({"requestBody": _forwarded()} if method in WITH_BODY else {})


def _about(kind: str) -> str:
    if kind:
        return (
            "As Envoy asks. The path counts where the gateway's record names no header for the URI, or it is not sent."
        )
    return (
        "Any method. The gateway's record names the one header each for URI, method, address and model; those below "
        "are a custom gateway's. Of the caller's own, the token, `Origin` and the body are read. A wrong gateway key "
        "is 500, so that no caller blames its own token."
    )


def _headers() -> list[dict[str, Any]]:
    """The key is not told as a scheme of authentication: a call without it is not 401."""
    return [
        header("X-Gateway-Key", "The gateway's own key. A call without it is 500.", text()),
        header("X-Forwarded-Uri", "The path and query that the caller called.", text(), "/v1/chat/completions"),
        header("X-Forwarded-Method", "The caller's method.", text(), "POST"),
        header("X-Forwarded-For", "The caller's address; of several the last.", text(), "192.0.2.7"),
        header("X-Model", "The model, where no body is forwarded that names it.", text(), "gpt-4o-mini"),
        header("X-Api-Key", "The caller's token, or `Authorization: Bearer`, or `?key=` in the URI.", text()),
        header("Origin", "The caller's.", text()),
    ]


def _style() -> dict[str, Any]:
    about = (
        f"`{AUTH_REQUEST}`: answers 200, 401 or 403 alone, the true status in `X-Error-Status` and the body in "
        f"`X-Error-Body`. `{ACCEL}`: an allow has `X-Accel-Redirect`."
    )
    return {"name": "for", "in": "query", "description": about, "schema": text(), "example": ACCEL}


def _rest() -> dict[str, Any]:
    return {
        "name": "path",
        "in": "path",
        "required": True,
        "description": "The caller's own path.",
        "schema": text(),
        "example": "v1/chat/completions",
    }


def _forwarded() -> dict[str, Any]:
    """Whatever the caller sent. Nothing of it can be wrong but the model's name."""
    about = "The caller's body: JSON, a form or a form with files, of at most 1 MiB, is read for `model`."
    example = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
    return {"description": about, "required": False, "content": {JSON: {"schema": {}, "example": example}}}


def responses() -> dict[str, Any]:
    """Named once, as they are the same for every method."""
    refused = errors(faults=FAULTS, headers=LIMITS | carried(X_Should_Retry="ShouldRetry") | _for_nginx())
    allowed = LIMITS | carried(X_Trellis_Request_Id="RequestId")
    allowed |= {
        "X-Trellis-Application": _told("The application's slug, percent-encoded."),
        "X-Trellis-Workspace": _told("The workspace's public id."),
        "X-Trellis-Tier": _told("The tier's slug."),
        "X-Accel-Redirect": _told("For nginx: where the call goes on."),
    }
    found = {"200": answer("Pass the call on. Without a body.", headers=allowed), **_with_all_codes(refused)}
    return {_component(status): one for status, one in found.items()}


def _component(status: str) -> str:
    return "PassOn" if status == "200" else f"Refused{status}"


def _answers() -> dict[str, Any]:
    statuses = {"200"} | errors(faults=FAULTS).keys()
    return {status: {"$ref": f"#/components/responses/{_component(status)}"} for status in sorted(statuses)}


def _with_all_codes(refused: dict[str, Any]) -> dict[str, Any]:
    """For nginx's `auth_request` every other status becomes 403, with its own body."""
    codes = [code for one in refused.values() for code in _narrow(one)["enum"]]
    _narrow(refused["403"])["enum"] = list(dict.fromkeys(codes))
    return refused


def _narrow(one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = one["content"][JSON]["schema"]["allOf"][1]["properties"]["error"]["properties"]["code"]
    return found


def _for_nginx() -> dict[str, Any]:
    return {
        "X-Error-Status": _told("With `?for=nginx`: the true status."),
        "X-Error-Body": _told("With `?for=nginx`: the body, one line of ASCII."),
    }


def _told(about: str) -> dict[str, Any]:
    return {"description": about, "schema": text()}
