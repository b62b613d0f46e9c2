"""Why was this call refused? A token, a model and an endpoint: the very decision that a gateway gets, explained."""

from dataclasses import dataclass, field, replace
from typing import Final

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from msgspec import structs
from redis import RedisError

from accounts.access import SignedInRequest, requires
from accounts.ids import is_public_id
from accounts.roles import Permission
from tiers.facts import Catalogue
from tokens.actions.looking_in import note_look
from tokens.explaining.answer import Answer
from tokens.explaining.buttons import NO_TOKEN
from tokens.explaining.recent import WAS, Entry
from tokens.explaining.recent import followed as find_followed
from tokens.forms.explain import AskForm, PasteForm, is_name, pasted
from tokens.gateway import explanations, holder_limit, request_ids
from tokens.gateway.ask import Ask
from tokens.selectors import explain as selectors
from tokens.selectors.explain import MOST_RECENT, Named, Place

LINKED: Final = ("model", "method", "endpoint", "origin", "address", "permission")


@dataclass(frozen=True, slots=True)
class Shown:
    """The form as it stands, and the answer to it. `wait`: seconds until the person may ask again. `recent`: None while
    they cannot be read; `followed`: the one whose link has led here. `named`: the token that was picked. `paste`: what
    was pasted in place of the fields, where it was not understood."""

    place: Place
    form: AskForm
    answer: Answer | None = None
    wait: int = 0
    recent: list[Entry] | None = None
    followed: Entry | None = None
    named: Named | None = None
    paste: PasteForm = field(default_factory=PasteForm)

    @property
    def status(self) -> int:
        if self.wait:
            return 429
        return 422 if any(form.is_bound and form.errors for form in (self.form, self.paste)) else 200


@requires(Permission.WORKSPACE_VIEW)
@never_cache
@sensitive_post_parameters("token", "pasted")
@require_http_methods(["GET", "HEAD", "POST"])
def explain(request: SignedInRequest) -> HttpResponse:
    """A link names a token by its id and is answered at once; a token's own text comes by POST alone, and is in no
    answer."""
    if request.GET.get("token", "").startswith("trl_"):
        return _without_secret(request)
    catalogue = explanations.catalogue()
    if request.method != "POST":
        shown = _linked(request, catalogue)
    elif "pasted" not in request.POST:
        shown = _posted(request, catalogue)
    else:
        pasted_call = _pasted(request, catalogue)
        if isinstance(pasted_call, HttpResponseRedirect):
            return pasted_call
        shown = pasted_call
    if shown.place.foreign:
        _note_look(request, shown)
    context = {
        "form": shown.form,
        "paste": shown.paste,
        "answer": shown.answer,
        "recent": shown.recent and shown.recent[:MOST_RECENT],
        "followed": shown.followed,
        "tokens": selectors.tokens_to_name(shown.place.workspace),
        "models": sorted(catalogue.models),
        "endpoints": sorted({one.partition(" ")[2] for op in catalogue.operations.values() for one in op.endpoints}),
        "workspace": shown.place.workspace,
        "foreign": shown.place.foreign,
    }
    response = render(request, "explain/page.html", context, status=shown.status)
    if shown.wait:
        response["Retry-After"] = str(shown.wait)
    return response


def _without_secret(request: SignedInRequest) -> HttpResponse:
    """Lead away from an address that has a token's text in it, which this page never makes."""
    query = request.GET.copy()
    del query["token"]
    messages.warning(request, _("A token does not belong in an address, where logs keep it. Paste it below."))
    return HttpResponseRedirect(f"{reverse('explain')}?{query.urlencode()}")


def _note_look(request: SignedInRequest, shown: Shown) -> None:
    answer, token = shown.answer, shown.named.token if shown.named else None
    model, code = (answer.decision.model or "", answer.code) if answer else ("", "")
    note_look(workspace=shown.place.workspace, token=token, model=model, code=code, by=request.user)


def _linked(request: SignedInRequest, catalogue: Catalogue) -> Shown:
    """A link may name a token of another workspace of this person: then the page stands in that one. Staff's links may
    name any workspace, and the page stands in their own, as they do not belong to the other."""
    token = request.GET.get("token", "")
    named = selectors.by_id(request.user, token) if is_public_id(token) else None
    place = named.place if named else _place(request, request.GET.get("workspace", ""))
    if not place.foreign:
        request.workspace = place.workspace
    recent = selectors.recent_refusals(place, older=WAS in request.GET)
    followed = find_followed(recent or (), request.GET.dict())
    values = {name: value for name in LINKED if (value := request.GET.get(name, ""))}
    if followed is not None:
        values["address"] = followed.address
    values["token"] = named.label if named else ""
    if "endpoint" not in values or not (named or token == NO_TOKEN):
        return Shown(place, AskForm(initial=values, catalogue=catalogue), recent=recent, named=named)
    form = AskForm({"method": "POST", "permission": "generate", **values}, catalogue=catalogue)
    form.is_valid()
    return Shown(place, form, _answer(request, form.ask, named), recent=recent, followed=followed, named=named)


def _posted(request: SignedInRequest, catalogue: Catalogue) -> Shown:
    place = _place(request, request.POST.get("workspace", ""))
    if not place.foreign:
        request.workspace = place.workspace
    form, text = AskForm(request.POST, catalogue=catalogue), pasted(request.POST.get("token", ""))
    found = selectors.by_name(place.workspace, text)
    form.check_token(text, [one.label for one in found])
    wait = holder_limit.wait_for(f"person-{request.user.public_id}")
    if wait:
        form.add_error(None, _waiting(wait))
    named = replace(found[0], foreign=place.foreign) if found else None
    answer = None if form.errors else _answer(request, form.ask, named, None if named else text or None)
    if named is None and text and not is_name(text):
        form.forget_token(_label(request, answer))
    return Shown(place, form, answer, wait, selectors.recent_refusals(place), named=named)


def _pasted(request: SignedInRequest, catalogue: Catalogue) -> Shown | HttpResponseRedirect:
    """A refusal's id leads to its link. A command's call is explained with the fields filled in."""
    place = _place(request, request.POST.get("workspace", ""))
    if not place.foreign:
        request.workspace = place.workspace
    paste, entry = PasteForm(request.POST), None
    wait = holder_limit.wait_for(f"person-{request.user.public_id}")
    if wait:
        paste.add_error(None, _waiting(wait))
    elif paste.is_valid() and paste.request_id is not None:
        entry = _refusal(place, paste)
    if entry is not None:
        return HttpResponseRedirect(entry.href)
    recent = selectors.recent_refusals(place)
    if paste.errors or paste.call is None:
        paste.forget_secrets()
        return Shown(place, AskForm(catalogue=catalogue), wait=wait, recent=recent, paste=paste)
    call = paste.call
    values = {"method": call.method, "endpoint": call.endpoint, "model": call.model, "origin": call.origin}
    form = AskForm({**values, "permission": "generate"}, catalogue=catalogue)
    form.check_paste(call)
    answer = None if form.errors else _answer(request, form.ask, None, call.token, in_query=call.in_query)
    form.forget_token(_label(request, answer))
    return Shown(place, form, answer, recent=recent)


def _refusal(place: Place, paste: PasteForm) -> Entry | None:
    """The one that was pasted; None, said beside the field, where it cannot be found."""
    try:
        entry = selectors.refusal_of(place, paste.request_id or "")
    except (RedisError, OSError):
        paste.add_error("pasted", _("Refusals cannot be looked up just now. Paste the command instead, or try again."))
        return None
    if entry is None:
        message = _(
            "This workspace has no refusal of that id. They are kept for a week, and not of calls without a token."
        )
        paste.add_error("pasted", message)
    return entry


def _waiting(seconds: int) -> str:
    return _("You may ask 60 times a minute. Ask again in %(seconds)s s.") % {"seconds": seconds}


def _place(request: SignedInRequest, workspace: str) -> Place:
    """The workspace that is named, where this person may look into it; else the one they stand in."""
    named = selectors.place_of(request.user, workspace) if is_public_id(workspace) else None
    return named or Place(request.workspace)


def _answer(
    request: SignedInRequest, ask: Ask | None, named: Named | None, text: str | None = None, *, in_query: bool = False
) -> Answer | None:
    """`named`: the token that was picked; else `text` is the one that was pasted; without either there is none."""
    if ask is None:
        return None
    ask = structs.replace(
        ask, token=text, request_id=request_ids.new(), token_in_query=in_query, token_in_header=not in_query
    )
    explanation = explanations.of_call(ask, named.hash if named else None)
    rights = explanation.rights
    workspace = selectors.workspace_of(request.user, rights.workspace) if rights else None
    last4 = named.last4 if named else (text or "")[-4:]
    if named is not None and named.foreign:
        return Answer(explanation, False, named.token.workspace.name, last4, named=True)
    return Answer(explanation, not rights or workspace is not None, workspace.name if workspace else "", last4)


def _label(request: SignedInRequest, answer: Answer | None) -> str:
    """The name of the token that was pasted, if it is one of theirs: with it the form goes on."""
    rights = answer.explanation.rights if answer and answer.own else None
    named = selectors.by_id(request.user, rights.token) if rights else None
    return named.label if named else ""
