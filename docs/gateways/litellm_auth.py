"""Trellis decides the calls of a LiteLLM proxy: its `custom_auth`.

Put this file beside LiteLLM's configuration, and into that:

    general_settings:
      custom_auth: litellm_auth.user_api_key_auth
      custom_auth_run_common_checks: true
    litellm_settings:
      enable_post_custom_auth_checks: true

and into its environment TRELLIS_ADDRESS (http://127.0.0.1:8000) and TRELLIS_GATEWAY_KEY, the key of a gateway that is
registered in Trellis with the kind custom. LiteLLM's models must have the names that they have in Trellis. The two
settings of checks make LiteLLM itself hold a call to the model that was decided on. Needs httpx, which LiteLLM has.

A refusal reaches the caller with Trellis' status, message, code and remedies; LiteLLM's own exception would put the
status in the place of the code. Where Trellis cannot be asked the answer is 503. Whose call it is stands in the
metadata of the key: `trellis`, with workspace, application, tier and request_id.
"""

import os
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import Request
from litellm.proxy._types import LitellmUserRoles, ProxyException, UserAPIKeyAuth
from litellm.proxy.common_utils.http_parsing_utils import _read_request_body

# With these a caller could name another model than the one that is asked about.
OTHER_MODELS = (
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "router_settings_override",
    "model_list",
    "user_config",
)
SAID = ("workspace", "application", "tier", "request_id")
UNAVAILABLE = "Access cannot be checked at the moment. Nothing is wrong with your token: try again shortly."

_client = httpx.AsyncClient(
    base_url=os.environ["TRELLIS_ADDRESS"],
    headers={"Authorization": f"Bearer {os.environ['TRELLIS_GATEWAY_KEY']}"},
    timeout=httpx.Timeout(10.0, connect=2.0),
    trust_env=False,
)


class Refused(ProxyException):
    """LiteLLM writes what `to_dict` gives as the error's body, and takes the status from `code`."""

    def __init__(self, status: int, error: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(error["message"], error["type"], error["param"], status, headers)
        self.code = str(status)
        self._error = error

    def to_dict(self) -> dict[str, Any]:
        return self._error


async def user_api_key_auth(request: Request, api_key: str | None) -> UserAPIKeyAuth:
    body = await _read_request_body(request=request)
    if any(body.get(name) for name in OTHER_MODELS):
        message = "Fallbacks and other settings that name further models cannot be sent with a call."
        raise _refused(400, message, "invalid_request_error", "ask_ambiguous", "model")
    decision, headers = await _decide(request, api_key, body.get("model"))
    if not decision["allow"]:
        names = ("message", "type", "param", "code", "remedies", "also", "request_id")
        raise Refused(decision["status"], {name: decision[name] for name in names}, headers)
    owner = f"{decision.get('workspace')}/{decision.get('application')}"
    return UserAPIKeyAuth(
        # Not the token: LiteLLM writes this into its logs, and counts by it.
        api_key=f"trellis:{owner}",
        key_alias=owner,
        user_role=LitellmUserRoles.INTERNAL_USER,
        models=[body["model"]] if body.get("model") else [],
        metadata={"trellis": {name: decision.get(name) for name in SAID}},
    )


async def _decide(request: Request, api_key: str | None, model: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What Trellis says, and the headers that go with a refusal. Any failure is nobody's token's: LiteLLM would make an
    authentication error of it."""
    language = {"Accept-Language": request.headers["accept-language"]} if "accept-language" in request.headers else {}
    try:
        answer = await _client.post("/v1/decisions", json=_ask(request, api_key, model), headers=language)
        decision = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _unavailable() from error
    if answer.status_code in {400, 413} and "code" in decision:
        raise _refused(400, decision["detail"], "invalid_request_error", decision["code"], decision.get("param"))
    if answer.status_code != 200 or not isinstance(decision.get("allow"), bool):
        raise _unavailable()
    kept = ("retry-after", "ratelimit", "x-ratelimit-")
    passed = {name: value for name, value in answer.headers.items() if name.startswith(kept)}
    if decision["code"] not in {"rate_limited", "payment_pending", "unavailable"}:
        passed["x-should-retry"] = "false"
    return decision, {**passed, "x-request-id": decision["request_id"]}


def _ask(request: Request, api_key: str | None, model: Any) -> dict[str, Any]:
    """What stands where a token belongs is one, if only an empty one."""
    raw, query = request.scope.get("raw_path"), request.url.query
    path = raw.decode("latin-1").partition("?")[0] if raw else quote(request.url.path)
    return {
        "token": api_key or ("" if "authorization" in request.headers else None),
        "model": model,
        "endpoint": f"{path}?{query}" if query else path,
        "method": request.scope.get("method", "GET"),
        "origin": request.headers.get("origin"),
        "ip": request.client.host if request.client else None,
    }


def _unavailable() -> Refused:
    return _refused(503, UNAVAILABLE, "api_error", "unavailable", None)


def _refused(status: int, message: str, kind: str, code: str, param: str | None) -> Refused:
    rest = {"param": param, "code": code, "remedies": [], "also": [], "request_id": None}
    return Refused(status, {"message": message, "type": kind, **rest})
