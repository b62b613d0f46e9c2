"""Words of JSON Schema, so that a schema reads as what it says."""

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]
REQUEST_ID = r"^[A-Za-z0-9_-]{1,64}$"
PUBLIC_ID = r"^[0-9a-hjkmnp-tv-z]{12}$"


def thing(properties: dict[str, Schema], *, optional: Iterable[str] = (), about: str = "") -> Schema:
    """An object that has all of these, but for the optional ones. What else it has is ignored by its reader."""
    left_out = set(optional)
    required = [name for name in properties if name not in left_out]
    schema: Schema = {"type": "object", "properties": properties}
    return schema | ({"required": required} if required else {}) | _described(about)


def text(about: str = "", **more: Any) -> Schema:
    return {"type": "string", **more} | _described(about)


def integer(about: str = "", **more: Any) -> Schema:
    return {"type": "integer", **more} | _described(about)


def boolean(about: str = "") -> Schema:
    return {"type": "boolean"} | _described(about)


def moment(about: str = "") -> Schema:
    return text(about, format="date-time")


def fixed(value: Any, about: str = "") -> Schema:
    return {"const": value} | _described(about)


def listed(items: Schema, about: str = "", **more: Any) -> Schema:
    return {"type": "array", "items": items, **more} | _described(about)


def one_of(values: Iterable[Any], about: str = "", **more: Any) -> Schema:
    return {"enum": list(values), **more} | _described(about)


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _described(about: str) -> Schema:
    return {"description": about} if about else {}
