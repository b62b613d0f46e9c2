"""A call as a `curl` command to copy. Every word of it is quoted for a POSIX shell. Pure."""

import json
import shlex
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from tiers.facts import Catalogue, OperationFacts
from tokens.gateway import endpoints
from tokens.gateway.ask import Ask

# What an operation takes, by the field that it is told by.
_FIELDS: Final[dict[str, Any]] = {"messages": [{"role": "user", "content": "Hi"}], "prompt": "Hi", "input": "Hi"}
_FILES: Final = {"image": "photo.png", "file": "speech.mp3"}
# What else an operation cannot do without.
_MORE: Final[dict[str, dict[str, Any]]] = {"message": {"max_tokens": 256}, "speech": {"voice": "alloy"}}
_FORMS: Final[dict[str, dict[str, str]]] = {"image_edit": {"prompt": "Make it autumn"}}

# (kind, text): `path` and `text` are coloured, the rest is plain.
Piece = tuple[str, str]


def pieces(catalogue: Catalogue, ask: Ask, *, anonymous: bool) -> list[Piece]:
    """`$BASE` is the address of the platform's gateway, `$TRELLIS_TOKEN` the token: neither is known here."""
    match = endpoints.match(catalogue.operations, ask.method, ask.endpoint)
    path = ask.endpoint.partition("?")[0]
    reads = ask.method.upper() == "GET"
    model = "" if match and match.model else ask.model or ""
    if reads and model:
        path = f"{path}?model={quote(model, safe='')}"
    method = "" if reads or ask.method.upper() == "POST" else f"-X {shlex.quote(ask.method.upper())} "
    found: list[Piece] = [("", f'curl {method}"$BASE"'), ("path", shlex.quote(path))]
    lines = [] if anonymous else ['-H "Authorization: Bearer $TRELLIS_TOKEN"']
    if ask.origin:
        lines.append(f"-H {shlex.quote(f'Origin: {ask.origin}')}")
    if match and not reads:
        lines.extend(_body(match.operation, model))
    for line in lines:
        found += [("", " \\\n  "), ("", f"{line[:3]}"), ("text", line[3:])]
    return found


def _body(operation: OperationFacts, model: str) -> Iterator[str]:
    named = {"model": model} if model else {}
    file = _FILES.get(operation.sends)
    if file is not None:
        for name, value in {**named, operation.sends: f"@{file}", **_FORMS.get(operation.slug, {})}.items():
            yield f"-F {shlex.quote(f'{name}={value}')}"
        return
    told = {operation.sends: _FIELDS.get(operation.sends, "Hi")} if operation.sends else {}
    yield "-H 'Content-Type: application/json'"
    yield f"-d {shlex.quote(json.dumps({**named, **told, **_MORE.get(operation.slug, {})}, ensure_ascii=False))}"
