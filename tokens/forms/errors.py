"""A domain error in the form that caused it: what was typed stays, and the sentence stands beside it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.forms import BaseForm

from accounts.errors import DomainError

SAME: Final[Mapping[str, str]] = MappingProxyType({})


def add_domain_error(form: BaseForm, error: DomainError, called: Mapping[str, str] = SAME) -> None:
    """Beside the field that the error names, where the form has it; else above the form. `called`: the form's own
    names of what the actions name otherwise."""
    field = getattr(error, "field", None)
    field = called.get(field, field) if field else None
    form.add_error(field if field in form.fields else None, str(error.message))
