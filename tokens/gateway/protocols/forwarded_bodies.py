"""The model that a forwarded body names: JSON, a form, or a form with files."""

import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.translation import gettext as _

from tokens.gateway.http import JSON, Call, Fault
from tokens.gateway.protocols import json_bodies

MAX_BODY = 1 << 20
FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 1000
NAME = "model"
# An object's beginning as lenient readers take it, with a byte order mark or in UTF-16 too. A brace alone is not
# enough: one recording in 256 begins with that byte.
OBJECT = re.compile(rb"""(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\0]*\{[\s\0]*(?:["'}/]|\Z)""")


@dataclass(frozen=True, slots=True)
class Content:
    """`unread`: longer than we read, or compressed."""

    model: str | None = None
    unread: bool = False


@dataclass(slots=True)
class Named:
    """The values of all fields called `model`, in whatever letter case: some upstreams do not tell cases apart."""

    values: list[Any] = field(default_factory=list)
    odd: bool = False

    def add(self, name: str, value: Any) -> None:
        if name.casefold() == NAME:
            self.values.append(value)
            self.odd = self.odd or name != NAME

    def only(self) -> str | None:
        """The one value. Raises Fault where there are several, or one under another letter case."""
        if self.odd or len(self.values) > 1:
            message = _("The body names the model more than once, or not as “model”.")
            raise Fault(400, "ask_ambiguous", message, param=NAME)
        value = self.values[0] if self.values else None
        if value is not None and not isinstance(value, str):
            raise Fault(400, "invalid_ask", _("“model” must be a text."), param=NAME)
        return value


def read(call: Call) -> Content:
    """Raises Fault. A body that looks like JSON is read as JSON whatever its type says, as upstreams do too."""
    if (call.header("Content-Encoding") or "identity").strip().lower() != "identity":
        return Content(unread=call.declared_length != 0)
    body = call.body(MAX_BODY)
    if body is None:
        return Content(unread=True)
    if OBJECT.match(body):
        return Content(_in_json(body))
    if call.media_type.startswith("multipart/"):
        return Content(_in_multipart(call, body))
    if call.media_type == FORM:
        return Content(_in_form(body))
    return Content(_in_json(body) if body.strip() and _is_json(call.media_type) else None)


def _is_json(media_type: str) -> bool:
    return media_type == JSON or media_type.endswith("+json")


def _in_json(body: bytes) -> str | None:
    named = Named()
    for name, value in json_bodies.members(body):
        named.add(name, value)
    return named.only()


def _in_form(body: bytes) -> str | None:
    named = Named()
    try:
        for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS):
            named.add(name, value)
    except ValueError as error:
        raise Fault(400, "invalid_ask", _("The form in the body cannot be read.")) from error
    return named.only()


class _Dropped(FileUploadHandler):
    """Keeps no file. One called `model` is odd: the upstream might take it for the name."""

    def __init__(self, named: Named) -> None:
        super().__init__()
        self.named = named

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        self.named.odd = self.named.odd or field_name.casefold() == NAME

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        return None

    def file_complete(self, file_size: int) -> None:
        return None


def _in_multipart(call: Call, body: bytes) -> str | None:
    if not body:
        return None
    named = Named()
    facts = {"CONTENT_TYPE": call.header("Content-Type") or "", "CONTENT_LENGTH": str(len(body))}
    try:
        fields, _files = MultiPartParser(facts, BytesIO(body), [_Dropped(named)], "utf-8").parse()
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise Fault(400, "invalid_ask", _("The form in the body cannot be read.")) from error
    for name, values in fields.lists():
        for value in values:
            named.add(name, value)
    return named.only()
