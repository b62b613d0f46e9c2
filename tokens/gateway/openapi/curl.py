"""The example of an operation as a call with curl. Keys stand in the shell's variables, so that none is pasted into a
page or a history."""

import json
from typing import Any, Final
from urllib.parse import urlencode

from tokens.gateway.openapi.asking import GATEWAY_KEY, TOKEN

Json = dict[str, Any]
CREDENTIALS: Final = {
    "gatewayKey": f'-H "Authorization: Bearer {GATEWAY_KEY}"',
    "token": f'-H "Authorization: Bearer {TOKEN}"',
}
FORWARDED: Final = f'-H "X-Gateway-Key: {GATEWAY_KEY}" -H "Authorization: Bearer {TOKEN}"'
_FORM: Final = "application/x-www-form-urlencoded"


def written(document: Json, path: str, method: str, operation: Json, parameters: list[Json]) -> str:
    """Lines with a backslash at the end of each but the last."""
    site = document["servers"][0]["url"]
    for one in parameters:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", one["example"])
    lines = [f"curl {_verb(method)}{_quoted(site + path)}"]
    lines += _authenticated(operation, parameters)
    lines += [f"-H {_quoted(one['name'] + ': ' + one['example'])}" for one in parameters if _is_shown(one)]
    return " \\\n  ".join([*lines, *_sent(operation)])


def _verb(method: str) -> str:
    return "" if method in {"get", "post"} else f"-X {method.upper()} "


def _quoted(text: str) -> str:
    """In single quotes; a variable within stands in double ones, where the shell fills it in."""
    quoted = "'" + text.replace("'", "'\\''") + "'"
    for variable in (TOKEN, GATEWAY_KEY):
        quoted = quoted.replace(variable, f"'\"{variable}\"'")
    return quoted


def _authenticated(operation: Json, parameters: list[Json]) -> list[str]:
    if any(one["name"] == "X-Gateway-Key" for one in parameters):
        return [FORWARDED]
    known = [CREDENTIALS[scheme] for one in operation["security"] for scheme in one if scheme in CREDENTIALS]
    return known[:1]


def _is_shown(one: Json) -> bool:
    return one["in"] == "header" and "example" in one and one["name"] not in {"Accept-Language", "X-Request-ID"}


def _sent(operation: Json) -> list[str]:
    """The first example of the body. A webhook has none: nobody but its sender can sign it."""
    for media, content in operation.get("requestBody", {"content": {}})["content"].items():
        example = next((one["value"] for one in content.get("examples", {}).values()), content.get("example"))
        if example is None:
            continue
        if media == _FORM:
            return [f"-d {_quoted(urlencode(example, safe='$'))}"]
        return [f"-H {_quoted(f'Content-Type: {media}')}", f"-d {_quoted(json.dumps(example))}"]
    return []
