"""What nginx needs otherwise: a redirect to its own upstream, or a refusal squeezed through `auth_request`."""

import json
from typing import Any

from tokens.gateway.http import Answer

# A named location keeps the method and the body of the call.
ACCEL_REDIRECT = ("X-Accel-Redirect", "@trellis_upstream")
MAX_ERROR_BODY = 3000
PASSED_ON = frozenset({200, 401, 403})


def auth_request(answer: Answer) -> Answer:
    """`auth_request` knows 401 and 403 alone and drops the body: the true status and the body go in headers, for
    `error_page` to restore."""
    if answer.status == 200:
        return answer
    status = answer.status if answer.status in PASSED_ON else 403
    told = (("X-Error-Status", str(answer.status)), ("X-Error-Body", one_line(json.loads(answer.body))))
    return Answer(status, answer.body, answer.content_type, (*answer.headers, *told))


def one_line(body: dict[str, Any]) -> str:
    """ASCII JSON that fits a header. Remedies go first, then what would come next, then the message's end."""
    error = body["error"]
    emptied: tuple[dict[str, Any], ...] = ({}, {"remedies": []}, {"also": []})
    for fields in emptied:
        error = {**error, **fields}
        line = _dumped(error)
        if len(line) <= MAX_ERROR_BODY:
            return line
    message = error["message"]
    while len(_dumped({**error, "message": message})) > MAX_ERROR_BODY:
        message = message[: len(message) * 3 // 4].rstrip() + "…"
    return _dumped({**error, "message": message})


def _dumped(error: dict[str, Any]) -> str:
    return json.dumps({"error": error}, separators=(",", ":"), ensure_ascii=True)
