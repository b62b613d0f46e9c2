"""What Schemathesis needs to know to get past the door: read by its process, from the environment.

Half of what is generated as a token is replaced by a real one, so that more is tried than its form. A holder may ask
sixty times a minute, so each call has another token."""

import json
import os
from itertools import cycle
from typing import Any

import schemathesis

GATEWAY_KEY = os.environ["FUZZED_GATEWAY_KEY"]
TOKENS = cycle(os.environ["FUZZED_TOKENS"].split())
HOLDERS = r"^/v1/(models|key|explain)"
FORWARDED = r"^/v1/forward-auth"
Values = dict[str, Any]


@schemathesis.hook
def before_load_schema(_context: Any, schema: Values) -> None:
    """The examples' token becomes a real one."""
    real = json.loads(json.dumps(schema).replace("$TOKEN", next(TOKENS)))
    schema.update(real)


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    subject = body.get("subject")
    for place, name in ((body, "token"), (subject, "id")):
        if isinstance(place, dict) and isinstance(place.get(name), str) and len(place[name]) % 2 == 0:
            place[name] = next(TOKENS)
    return body


@schemathesis.auth(refresh_interval=None).apply_to(path_regex=HOLDERS)
class Holder:
    def get(self, _case: Any, _context: Any) -> str:
        return next(TOKENS)

    def set(self, case: Any, token: str, _context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.auth(refresh_interval=None).apply_to(path_regex=FORWARDED)
class Proxy:
    def get(self, _case: Any, _context: Any) -> str:
        return next(TOKENS)

    def set(self, case: Any, token: str, _context: Any) -> None:
        case.headers.update({"X-Gateway-Key": GATEWAY_KEY, "Authorization": f"Bearer {token}"})


@schemathesis.auth(refresh_interval=None).apply_to(path_regex=r"^/(v1/(decisions|usage)|access|oauth2)")
class Gateway:
    def get(self, _case: Any, _context: Any) -> str:
        return GATEWAY_KEY

    def set(self, case: Any, key: str, _context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {key}"
