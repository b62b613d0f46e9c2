"""The description of a call that is to be explained."""

from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tiers.facts import Catalogue
from tiers.models import GrantPermission
from tokens.explaining import commands
from tokens.explaining.commands import NotUnderstood, Pasted
from tokens.gateway.ask import Ask
from tokens.gateway.gateway_keys import read_address
from tokens.gateway.http import Fault
from tokens.gateway.protocols import native, queries
from tokens.keys import looks_secret
from tokens.selectors.explain import is_label

METHODS: Final = ("POST", "GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_TYPED: Final = {"class": "mono", "autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def _text(label: Any, most: int, **attributes: str) -> forms.CharField:
    widget = forms.TextInput(attrs={**_TYPED, **attributes})
    return forms.CharField(label=label, required=False, max_length=most, widget=widget)


class AskForm(forms.Form):
    """`token` is the name of one of the workspace's, or a token's own text; empty: the call carries none."""

    token = _text(gettext_lazy("Token"), 4000, list="ask-tokens")
    model = _text(gettext_lazy("Model"), 200, list="ask-models")
    method = forms.ChoiceField()
    endpoint = _text(gettext_lazy("Endpoint"), 2000, list="ask-endpoints", placeholder="/v1/chat/completions")
    origin = _text(gettext_lazy("Origin"), 500, placeholder="https://app.example.com")
    address = _text(gettext_lazy("Address"), 60, placeholder="203.0.113.7")
    permission = forms.ChoiceField(
        label=gettext_lazy("Permission"), choices=GrantPermission.choices, initial=GrantPermission.GENERATE
    )

    def __init__(self, *args: Any, catalogue: Catalogue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue = catalogue
        self.fields["token"].label = format_html("{} <small>{}</small>", _("Token"), _("pick one, or paste"))
        # A call that was refused may have had any other.
        methods = dict.fromkeys((*METHODS, self.data.get("method") or METHODS[0]))
        self.fields["method"] = forms.ChoiceField(label=_("Method"), choices=[(name, name) for name in methods])
        self.fields["endpoint"].required = True
        self.ask: Ask | None = None

    def clean_endpoint(self) -> str:
        """An operation's name stands for its endpoint, and of a whole address the path counts. A token in it would be
        kept by whatever keeps addresses."""
        text = str(self.cleaned_data["endpoint"])
        operation = self.catalogue.operations.get(text)
        if operation is not None and operation.endpoints:
            method, _blank, text = operation.endpoints[0].partition(" ")
            self.cleaned_data["method"] = method
        if text.startswith(("https://", "http://")):
            text = _path_of(text)
        try:
            in_query = queries.read(text).tokens
        except Fault as fault:
            raise forms.ValidationError(fault.detail) from fault
        if in_query:
            raise forms.ValidationError(_("Leave the token out of the address, and give it in the field for tokens."))
        return text if text.startswith("/") else f"/{text}"

    def clean_address(self) -> str:
        text = str(self.cleaned_data["address"])
        if text and read_address(text) is None:
            raise forms.ValidationError(_("This is no IPv4 or IPv6 address."))
        return text

    def clean(self) -> dict[str, Any]:
        """Read the ask as the gateway would."""
        values = super().clean() or {}
        if not self.errors:
            named = {name: values[name] or None for name in ("model", "origin", "permission", "method", "endpoint")}
            try:
                self.ask = native.read_ask({**named, "ip": values["address"] or None}, request_id="")
            except Fault as fault:
                self.add_error(fault.param if fault.param in self.fields else None, fault.detail)
        return values

    def check_token(self, text: str, found: list[str]) -> None:
        """`found`: the names of those that the text may mean."""
        self.full_clean()
        if len(found) > 1:
            self.add_error("token", _("Several tokens are called that. Pick one from the list."))
        elif not found and is_name(text):
            self.add_error("token", _("This workspace has no token of that name. Pick one from the list, or paste it."))

    def check_paste(self, call: Pasted) -> None:
        """What is not in a command, people have to say themselves."""
        self.full_clean()
        if call.is_placeholder:
            self.add_error("token", _("The command has only a placeholder for its token. Pick the token, or paste it."))
        if call.in_file and not (self.ask and self.ask.model):
            message = _("The command’s body is not in it, but in a file or a variable. Say which model it names.")
            self.add_error("model", message)

    def forget_token(self, label: str) -> None:
        """Show this in place of the text that was pasted."""
        self.data = {**{name: self.data.get(name, "") for name in self.fields}, "token": label}


class PasteForm(forms.Form):
    """The id of a refused call, or a whole command: in place of all fields."""

    pasted = forms.CharField(
        label=gettext_lazy("Request id or curl command"),
        max_length=commands.LONGEST,
        widget=forms.Textarea({"rows": 3, **_TYPED, "placeholder": "curl https://…/v1/chat/completions -H … -d …"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request_id: str | None = None
        self.call: Pasted | None = None

    def clean_pasted(self) -> str:
        text = str(self.cleaned_data["pasted"])
        self.request_id = commands.request_id_in(text)
        if self.request_id is None:
            try:
                self.call = commands.read(text)
            except NotUnderstood as reason:
                raise forms.ValidationError(str(reason)) from reason
        return text

    def forget_secrets(self) -> None:
        """Show the rest of what was pasted, so that nobody has to look for it again. Errors are found before."""
        self.data = {"pasted": commands.redacted(self.data.get("pasted", ""))}


def pasted(text: str) -> str:
    """What stands in the field, without what people copy along with a token."""
    bare = text.strip()
    return bare.removeprefix("Authorization:").strip().removeprefix("Bearer ").strip().strip("\"'")


def is_name(text: str) -> bool:
    """Whether somebody meant a token's name: it has blanks in it, as no token has."""
    return is_label(text) or (any(char.isspace() for char in text) and not looks_secret(text))


def _path_of(address: str) -> str:
    """The path and the query of a whole address; the address itself where it cannot be taken apart."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
