"""What staff's pages do with a form: act on it once, and say beside its fields what was refused."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import SignedInRequest
from accounts.errors import DomainError

T = TypeVar("T")


def taken(request: SignedInRequest, form: forms.Form, act: Callable[[], T]) -> T | None:
    """What the action made of a form that was sent; None if none was, or it was refused (the form says why)."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        return act()
    except DomainError as error:
        field = getattr(error, "field", None)
        form.add_error(field if field in form.fields else None, str(error.message))
        return None


def answer(request: SignedInRequest, template: str, form: forms.Form, **context: Any) -> HttpResponse:
    """The page with its form: 422 where it was refused, with all that was typed."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)
