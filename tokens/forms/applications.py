"""What a developer fills in about an application. The actions check it again."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from tokens.models import Application

if TYPE_CHECKING:
    Base = forms.ModelForm[Application]
else:
    Base = forms.ModelForm


class ApplicationForm(Base):
    url = forms.URLField(
        label=_("Website"),
        required=False,
        max_length=300,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
    )

    class Meta:
        model = Application
        fields: tuple[str, ...] = ("name", "url", "description", "category", "contact")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 3}),
        }
        help_texts = {
            "name": _("What people know it by. You can change it later."),
            "description": _("What it does, and for whom. Reviewers read this."),
            "contact": _("Where we write when something is wrong. Yours, if empty."),
        }


class ApplicationEditForm(ApplicationForm):
    class Meta(ApplicationForm.Meta):
        fields: tuple[str, ...] = (*ApplicationForm.Meta.fields, "secret_in_query")
        help_texts = {
            **ApplicationForm.Meta.help_texts,
            "secret_in_query": _("Query strings end up in logs. Leave this off unless a client cannot send headers."),
        }


class DomainForm(forms.Form):
    host = forms.CharField(
        label=_("Domain"),
        max_length=255,
        widget=forms.TextInput(attrs={"placeholder": "example.com", "class": "mono", "autocomplete": "off"}),
        help_text=_("example.com, or *.example.com for everything below it"),
    )
