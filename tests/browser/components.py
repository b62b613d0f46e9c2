"""A page that has every component once, for tests alone. It is the site with one more address."""

from datetime import timedelta
from pathlib import Path

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from accounts.access import public
from accounts.errors import Conflict
from config import urls
from config.templatetags.ui import tier

SOURCE = (Path(__file__).parent / "components.html").read_text()
SAVED: list[str] = []


class Example(forms.Form):
    name = forms.CharField(label="Name", help_text="Two or three words.")
    site = forms.URLField(label="Source code", required=False, assume_scheme="https")
    note = forms.CharField(label="What does it do, and for whom?", widget=forms.Textarea)
    app = forms.ChoiceField(label="Application", choices=[("a", "freeaichat (on seed)"), ("b", "homework-helper")])
    tier = forms.ChoiceField(
        label="Tier",
        widget=forms.RadioSelect,
        choices=lambda: [
            (s, format_html("{}<small>60 a minute</small>", tier(s))) for s in ("seed", "flower", "nectar")
        ],
    )
    until = forms.ChoiceField(label="Expires", widget=forms.RadioSelect, choices=[("90", "90 days"), ("0", "Never")])
    decision = forms.ChoiceField(
        label="Decision", widget=forms.RadioSelect, choices=[("a", "Approve"), ("c", "Ask"), ("r", "Reject")]
    )
    sources = forms.MultipleChoiceField(
        label="Calls come from", widget=forms.CheckboxSelectMultiple, choices=[("s", "our server"), ("b", "browsers")]
    )
    agree = forms.BooleanField(label="Mail me if the old secret is still used")


@public
def components(request: HttpRequest) -> HttpResponse:
    form = Example(request.POST or None)
    context = {
        "form": form,
        "opened": "opened" in request.GET,
        "recently": timezone.now() - timedelta(minutes=3),
        "long_ago": timezone.now() - timedelta(days=90),
        "values": [3, 5, 4, 8, 6, 9, 12],
        "rows": [("Tier", tier("seed"), tier("flower")), ("Calls a minute", 60, 300), ("Tokens", 2, 2)],
    }
    status = 422 if form.is_bound and not form.is_valid() else 200
    return HttpResponse(engines["django"].from_string(SOURCE).render(context, request), status=status)


@public
def draft(request: HttpRequest) -> HttpResponse:
    SAVED.append(request.POST["note"])
    return HttpResponse(status=204)


@public
def refuse(request: HttpRequest) -> HttpResponse:
    raise Conflict("Ines Duarte decided a moment ago.")


urlpatterns = [
    *urls.urlpatterns,
    path("components/", components),
    path("components/draft/", draft),
    path("components/refuse/", refuse),
    path("components/rotate/", components),
]
handler400, handler500 = urls.handler400, urls.handler500
