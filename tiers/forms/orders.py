"""The checkout's one choice: by which provider to pay."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.selectors.offers import Method


class CheckoutForm(forms.Form):
    """`version`: the offer that the page showed, so that nobody pays another price than they read."""

    provider = forms.ChoiceField(label=_("Pay by"), widget=forms.RadioSelect)
    version = forms.CharField(widget=forms.HiddenInput, max_length=12)

    def __init__(self, *args: object, methods: Sequence[Method], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["provider"].choices = [(m.provider, m.label) for m in methods if not m.href]  # type: ignore[attr-defined]
