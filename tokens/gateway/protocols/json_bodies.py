"""Reading JSON that strangers wrote. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import msgspec
from django.utils.translation import gettext as _

from tokens.gateway.http import Fault

MAX_DEPTH = 16
_HALF = re.compile("[\ud800-\udfff]")
_decode = msgspec.json.Decoder().decode


def invalid_json(detail: str) -> Fault:
    return Fault(400, "invalid_json", detail)


def strict_object(raw: bytes) -> dict[str, Any]:
    """An object in UTF-8: no key twice (two readers would read it differently), no NaN, at most 16 deep.
    Raises Fault."""
    plain = _plain(raw)
    if plain is not None:
        return plain
    value = _parse(raw, _unique)
    if not isinstance(value, dict):
        raise Fault(400, "invalid_ask", _("The body must be a JSON object."))
    if _deeper_than(value, MAX_DEPTH):
        raise invalid_json(_("The body is nested more than %(depth)s deep.") % {"depth": MAX_DEPTH})
    return value


def is_text(value: Any) -> bool:
    """Whether it is a text without half characters, which JSON can escape and no other form can hold."""
    return isinstance(value, str) and not _HALF.search(value)


def whole_number(value: Any) -> int | None:
    """A whole number, not negative, however it is written: to JSON, 2.0 is 2. None for all else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _plain(raw: bytes) -> dict[str, Any] | None:
    """An object of texts, whole numbers, booleans and nulls, as nearly every ask is: read by a reader that is twenty
    times as fast and forgives a key that is there twice, so the quotes are counted. None for all else."""
    if raw.count(b"{") != 1 or b"[" in raw or b"\\" in raw:
        return None
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if type(value) is not dict or float in map(type, value.values()):
        return None
    texts = len(value) + sum(type(member) is str for member in value.values())
    return value if raw.count(b'"') == 2 * texts else None


class Pairs(list[tuple[str, Any]]):
    """An object's members as they were written, so that none hides another."""


def members(raw: bytes) -> Pairs:
    """The members of an object of any depth, as written; none where the body is another JSON value. Raises Fault."""
    value = _parse(raw, Pairs)
    return value if isinstance(value, Pairs) else Pairs()


def _parse(raw: bytes, hook: Any) -> Any:
    try:
        return json.loads(raw.decode(), object_pairs_hook=hook, parse_constant=_constant)
    except UnicodeDecodeError as error:
        raise invalid_json(_("The body is not UTF-8.")) from error
    except RecursionError as error:
        raise invalid_json(_("The body is nested too deep.")) from error
    except ValueError as error:
        raise invalid_json(_("The body is not valid JSON.")) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise invalid_json(_("The body has a key twice."))
    return found


def _constant(name: str) -> NoReturn:
    raise invalid_json(_("%(name)s is not JSON.") % {"name": name})


def _deeper_than(value: Any, most: int) -> bool:
    level = [value]
    for _depth in range(most):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
