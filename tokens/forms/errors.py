"""A domain error in the form that caused it: what was typed stays, and the sentence stands beside it."""

from django.forms import BaseForm

from accounts.errors import DomainError


def add_domain_error(form: BaseForm, error: DomainError) -> None:
    """Beside the field that the error names, where the form has it; else above the form."""
    field = getattr(error, "field", None)
    form.add_error(field if field in form.fields else None, str(error.message))
