"""The tokens and models in a caller's query string. Pure."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from django.utils.translation import gettext as _

from tokens.gateway.http import Fault

MAX_PARAMETERS = 1000
TOKENS = ("key", "token")
MODEL = "model"


@dataclass(frozen=True, slots=True)
class Query:
    """All values, in their order, empty ones too: an empty token is a malformed one."""

    tokens: tuple[str, ...] = ()
    models: tuple[str, ...] = ()


_NO_QUERY: Final = Query()


def ambiguous(detail: str) -> Fault:
    return Fault(400, "ask_ambiguous", detail, param="model")


def read(uri: str) -> Query:
    """One of our parameters whose name is written with escapes is refused: gateways strip tokens from what they pass
    on by their plain names. Raises Fault."""
    text = uri.partition("?")[2]
    if not text:
        return _NO_QUERY
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise Fault(400, "invalid_ask", _("The query has too many parameters."), param="endpoint") from error
    plain = {piece.partition("=")[0] for piece in text.split("&")}
    for name, _value in pairs:
        if name in (*TOKENS, MODEL) and name not in plain:
            raise ambiguous(_("Write the name of the query parameter “%(name)s” without escapes.") % {"name": name})
    return Query(
        tokens=tuple(value for name, value in pairs if name in TOKENS),
        models=tuple(value for name, value in pairs if name == MODEL),
    )


def only_model(*named: str | None) -> str | None:
    """The one model that is named, however often. Empty names are none. Raises Fault where two differ."""
    models = list(dict.fromkeys(name for name in named if name))
    if len(models) > 1:
        raise ambiguous(_("The call names two models that differ. Name one."))
    return models[0] if models else None
