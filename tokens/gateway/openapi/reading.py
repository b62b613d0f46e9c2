"""The document as a page shows it: a section a protocol, an endpoint after the other, schemas as tables. Pure: it reads
the document alone, so that the page says what the document says."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tokens.gateway.openapi import curl

Json = dict[str, Any]
METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
DEEPEST: Final = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One field. `name` is dotted where it is within another; `parts` are what it may be, in words or as a link."""

    name: str
    parts: tuple[tuple[str, str], ...]
    required: bool
    about: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: `kinds` as a row's parts."""

    status: str
    about: str
    media: str
    parts: tuple[tuple[str, str], ...]
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endpoint:
    id: str
    method: str
    path: str
    summary: str
    about: str
    credentials: tuple[str, ...]
    parameters: tuple[Row, ...]
    media: str
    sends: tuple[tuple[str, str], ...]
    fields: tuple[Row, ...]
    answers: tuple[Said, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    name: str
    about: str
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A schema that has a name. `parts`: what it may be, where it is one of several."""

    id: str
    name: str
    about: str
    parts: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def sections(document: Json) -> list[Section]:
    found: dict[str, list[Endpoint]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for endpoint in _endpoints(document, path, item):
            found[item[_method(item)]["tags"][0]].append(endpoint)
    return [
        Section(f"section-{number}", tag["name"], tag["description"], tuple(found[tag["name"]]))
        for number, tag in enumerate(document["tags"], 1)
    ]


def schemas(document: Json) -> list[Named]:
    return [
        Named(anchor(name), name, schema.get("description", ""), _alternatives(schema), tuple(rows(document, schema)))
        for name, schema in document["components"]["schemas"].items()
    ]


def anchor(name: str) -> str:
    return f"schema-{name.lower()}"


# --- Endpoints ----------------------------------------------------------------------------------------------


def _method(item: Json) -> str:
    return next(method for method in METHODS if method in item)


def _endpoints(document: Json, path: str, item: Json) -> Iterator[Endpoint]:
    """Methods of one path that do the same are told once."""
    told: dict[str, list[str]] = {}
    for method in METHODS:
        if method in item:
            told.setdefault(item[method]["summary"], []).append(method)
    for methods in told.values():
        shown = next((method for method in methods if "requestBody" in item[method]), methods[0])
        name = "ANY" if len(methods) == len(METHODS) else ", ".join(methods).upper()
        yield _endpoint(document, path, item, shown, name)


def _endpoint(document: Json, path: str, item: Json, method: str, name: str) -> Endpoint:
    operation = item[method]
    parameters = [resolved(document, one) for one in (*item.get("parameters", ()), *operation.get("parameters", ()))]
    media, body = next(iter(operation.get("requestBody", {"content": {"": {}}})["content"].items()))
    schema = body.get("schema", {})
    return Endpoint(
        id=f"endpoint-{operation['operationId'].lower()}",
        method=name,
        path=path,
        summary=operation["summary"],
        about=operation.get("description", ""),
        credentials=tuple(scheme for one in operation["security"] for scheme in one),
        parameters=tuple(_parameter(one) for one in parameters),
        media=media,
        sends=_parts(schema) if "$ref" in schema else (),
        fields=() if "$ref" in schema else tuple(rows(document, schema)),
        answers=tuple(_said(document, status, one) for status, one in sorted(operation["responses"].items())),
        example=curl.written(document, path, method, operation, parameters),
    )


def _parameter(one: Json) -> Row:
    where = f"{one['name']} ({one['in']})"
    return Row(where, _parts(one["schema"]), one.get("required", False), one.get("description", ""))


def _said(document: Json, status: str, answer: Json) -> Said:
    answer = resolved(document, answer)
    media, body = next(iter(answer.get("content", {"": {}}).items()))
    return Said(status, answer["description"], media, _parts(body.get("schema", {})), tuple(answer.get("headers", ())))


# --- Schemas ------------------------------------------------------------------------------------------------


def resolved(document: Json, thing: Json) -> Json:
    """What a reference leads to; anything else as it is."""
    while "$ref" in thing:
        found: Any = document
        for step in thing["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        thing = found
    return thing


def rows(document: Json, schema: Json, within: str = "", depth: int = 0) -> Iterator[Row]:
    """The fields of an object, those of an object without a name within it too."""
    for part in (schema, *schema.get("allOf", ())):
        required = part.get("required", ())
        for name, field in part.get("properties", {}).items():
            yield Row(f"{within}{name}", _parts(field), name in required, field.get("description", ""), _values(field))
            inner, sign = (field["items"], "[].") if "items" in field else (field, ".")
            if depth < DEEPEST and "$ref" not in inner:
                yield from rows(document, inner, f"{within}{name}{sign}", depth + 1)


def _values(field: Json) -> tuple[str, ...]:
    return tuple(json.dumps(value) for value in field.get("enum", ()))


def _parts(schema: Json) -> tuple[tuple[str, str], ...]:
    """(word, link) for each thing that it may be; the link is empty where there is none."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return ((name, f"#{anchor(name)}"),)
    if "items" in schema and "$ref" in schema["items"]:
        return tuple((f"{name}[]", link) for name, link in _parts(schema["items"]))
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema and "properties" not in schema:
            found = [part for one in schema[several] for part in _parts(one)]
            return tuple(dict.fromkeys(part for part in found if part[0]))
    return tuple((word, "") for word in _words(schema))


def _alternatives(schema: Json) -> tuple[tuple[str, str], ...]:
    return _parts(schema) if "oneOf" in schema or "allOf" in schema else ()


def _words(schema: Json) -> list[str]:
    if "const" in schema:
        return [json.dumps(schema["const"])]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    detail = schema.get("format") or (f"{schema['items'].get('type', 'any')}[]" if "items" in schema else "")
    return [detail if detail and kind in {"string", "array"} else kind for kind in kinds]
