"""What browsers let a page read: the answers to a token's holder, and every page may.

Whoever is answered has sent the token, and no browser adds one by itself, so a page reads what its own script could ask
for; a browser's credentials are never allowed. Refusals are read too, `origin_not_allowed` among them: else its page
would see a failed network. From where a publishable token may be used is for the decision to say, which has the token;
what a browser asks first, the preflight, has none.
"""

import re
from collections.abc import Callable
from typing import Final

from msgspec import structs

from tokens.gateway.http import Answer, Call, Fault, Headers

Handler = Callable[[Call], Answer]
PREFLIGHT: Final = "OPTIONS"
MAX_AGE: Final = 600  # seconds
# A `*` would not stand for Authorization.
NEEDED: Final = "Authorization, X-Api-Key, Content-Type"
EXPOSED: Final = "Link, Retry-After, WWW-Authenticate, X-Request-Id, X-Should-Retry, X-Trellis-Request-Id"
_ANYONE: Final[Headers] = (("Access-Control-Allow-Origin", "*"),)
_READABLE: Final[Headers] = (*_ANYONE, ("Access-Control-Expose-Headers", EXPOSED))
# Names of headers: clients send many of their own.
_NAMES: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+(?:[ \t]*,[ \t]*[A-Za-z0-9!#$%&'*+.^_`|~-]+)*")
_MOST: Final = 2000


def open_to_pages(methods: tuple[str, ...], handler: Handler) -> tuple[tuple[str, ...], Handler]:
    """A route's methods and handler, with its preflight."""

    def answered(call: Call) -> Answer:
        if call.method == PREFLIGHT:
            return _preflight(call, methods)
        try:
            answer = handler(call)
        except Fault as fault:
            fault.headers = (*fault.headers, *_READABLE)
            raise
        return structs.replace(answer, headers=(*answer.headers, *_READABLE))

    return (*methods, PREFLIGHT), answered


def _preflight(call: Call, methods: tuple[str, ...]) -> Answer:
    wanted = call.header("Access-Control-Request-Headers") or ""
    headers = (
        *_ANYONE,
        ("Access-Control-Allow-Methods", ", ".join(methods)),
        ("Access-Control-Allow-Headers", wanted if len(wanted) <= _MOST and _NAMES.fullmatch(wanted) else NEEDED),
        ("Access-Control-Max-Age", str(MAX_AGE)),
        ("Allow", ", ".join((*methods, PREFLIGHT))),
    )
    return Answer(200, headers=headers)
