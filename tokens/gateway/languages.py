"""The language of an answer."""

from functools import lru_cache
from typing import Final

from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

DEFAULT: Final = "en"


@lru_cache(maxsize=256)
def preferred(header: str) -> str:
    """By an `Accept-Language` header."""
    for code, _quality in parse_accept_lang_header(header.lower()):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return DEFAULT
