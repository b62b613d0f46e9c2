"""Whether an answer is as the document has it: its status, its type, its body, and no field that is not told."""

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from tests.tokens.gateway.calls import Reply
from tokens.gateway.openapi.document import document
from tokens.gateway.openapi.reading import resolved

Json = dict[str, Any]
DOCUMENT = document()


def broken(path: str, method: str, reply: Reply) -> list[str]:
    """What of the answer was not promised."""
    answers = DOCUMENT["paths"][path][method]["responses"]
    if str(reply.status) not in answers:
        return [f"{reply.status} is not told"]
    content = resolved(DOCUMENT, answers[str(reply.status)]).get("content")
    if content is None or method == "head":
        return [] if reply.body == b"" else ["there is a body"]
    media = reply.headers["content-type"].partition(";")[0]
    if media not in content:
        return [f"{media} is not told"]
    if not media.endswith("json"):
        return []
    schema, body = content[media]["schema"], json.loads(reply.body)
    errors = Draft202012Validator({**schema, "components": DOCUMENT["components"]}).iter_errors(body)
    return [*(error.message for error in errors), *_untold([schema], body, "")]


def _untold(schemas: list[Json], value: Any, at: str) -> Iterator[str]:
    """Fields that no schema which may apply here names."""
    schemas = list(_all(schemas))
    if isinstance(value, list):
        for one in value:
            yield from _untold([schema["items"] for schema in schemas if "items" in schema], one, f"{at}[]")
    if not isinstance(value, dict) or not any("properties" in one or "additionalProperties" in one for one in schemas):
        return
    for name, inner in value.items():
        found = [schema["properties"][name] for schema in schemas if name in schema.get("properties", ())]
        found += [schema["additionalProperties"] for schema in schemas if "additionalProperties" in schema]
        if not found:
            yield f"{at}.{name} is not told"
        yield from _untold(found, inner, f"{at}.{name}")


def _all(schemas: list[Json]) -> Iterator[Json]:
    for schema in schemas:
        schema = resolved(DOCUMENT, schema)
        yield schema
        for several in ("allOf", "anyOf", "oneOf"):
            yield from _all(schema.get(several, []))
