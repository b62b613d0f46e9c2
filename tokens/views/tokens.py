"""Tokens: make, show once, rotate, restrict, revoke."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import SignedInRequest, owned, requires
from accounts.clock import now
from accounts.errors import Conflict, DomainError, Invalid
from accounts.ids import new_public_id
from accounts.reauthentication import reauthenticated
from accounts.roles import Permission
from tokens.actions import tokens as actions
from tokens.actions.tokens import Minted
from tokens.forms.errors import add_domain_error
from tokens.forms.tokens import RestrictionsForm, RevokeForm, RotateForm, TokenForm
from tokens.models import Application, Token
from tokens.policies import tokens as policies
from tokens.selectors import tokens as selectors


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """All tokens of the workspace, live or ended."""
    tab = selectors.ENDED if request.GET.get("tab") == selectors.ENDED else selectors.LIVE
    find = request.GET.get("find", "").replace("\0", "").strip()[:80]
    after, before, moment = request.GET.get("after", "")[:12], request.GET.get("before", "")[:12], now()
    found = selectors.tokens(request.workspace, moment, tab=tab, find=find, after=after, before=before)
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    soon = moment + selectors.SOON
    context = {"page": found, "tab": tab, "find": find, "now": moment, "soon": soon, "query": query.urlencode()}
    return render(request, "tokens/list.html", context)


@requires(Permission.TOKEN_MANAGE)
@never_cache
@reauthenticated
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """The form; and, in answer to it, the one page that ever shows the token."""
    applications = list(Application.objects.filter(workspace=request.workspace).order_by("name"))
    if not applications:
        messages.info(request, _("A token belongs to an application. Make that first."))
        return redirect("applications:new")
    form = TokenForm(
        request.POST or None,
        applications=applications,
        initial={"application": request.GET.get("application", ""), "once": new_public_id()},
    )
    status = 200
    if request.method == "POST":
        minted = _mint(form, request) if form.is_valid() else None
        if minted is not None:
            return _reveal(request, minted)
        status = 422
    return render(request, "tokens/new.html", {"form": form}, status=status)


def _mint(form: TokenForm, request: SignedInRequest) -> Minted | None:
    values = form.cleaned_data
    try:
        return actions.mint_token(
            application=form.applications[values["application"]],
            kind=values["kind"],
            name=values["name"],
            expires_at=form.expires_at(),
            restrictions=form.restrictions(),
            by=request.user,
            once=values["once"],
        )
    except DomainError as error:
        add_domain_error(form, error)
        return None


def _reveal(request: SignedInRequest, minted: Minted, rotated: bool = False) -> HttpResponse:
    """Never in an address, a message or a session: the answer to the POST is the only copy."""
    context = {
        "token": minted.token,
        "text": minted.text,
        "rotated": rotated,
        "base_url": f"{settings.SITE_URL}/v1",
    }
    return render(request, "tokens/reveal.html", context)


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _detail(request, _find(request, public_id))


@requires(Permission.TOKEN_MANAGE)
@never_cache
@reauthenticated
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: SignedInRequest, public_id: str) -> HttpResponse:
    token = _find(request, public_id)
    form = RotateForm(request.POST or None, initial={"seen": _current(token)})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                seen = form.cleaned_data["seen"]
                minted = actions.rotate_token(token=token, overlap=form.chosen(), by=request.user, seen=seen)
                return _reveal(request, minted, rotated=True)
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
    return render(request, "tokens/rotate.html", {"token": token, "form": form}, status=status)


@requires(Permission.TOKEN_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: SignedInRequest, public_id: str) -> HttpResponse:
    """No proof is asked first: whoever saw a leak must be quick."""
    token = _find(request, public_id)
    form = RevokeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.revoke_token(token=token, by=request.user, **form.cleaned_data)
                messages.success(request, _("“%(name)s” is revoked, on every gateway.") % {"name": token.name})
                return _to(token)
            except (Conflict, Invalid) as error:
                add_domain_error(form, error)
                status = error.status
    return render(request, "tokens/revoke.html", {"token": token, "form": form}, status=status)


@requires(Permission.TOKEN_MANAGE)
@reauthenticated
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    token = _find(request, public_id)
    form = RestrictionsForm(request.POST or None, initial=RestrictionsForm.initial_of(token))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                name, restrictions = form.cleaned_data["name"], form.restrictions()
                actions.edit_token(token=token, name=name, restrictions=restrictions, by=request.user)
                messages.success(request, _("Saved. It holds on every gateway."))
                return _to(token)
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
    return render(request, "tokens/edit.html", {"token": token, "form": form}, status=status)


def _find(request: SignedInRequest, public_id: str) -> Token:
    return owned(request, selectors.with_secrets(Token.objects.all()), public_id)


def _current(token: Token) -> str:
    return next((secret.last4 for secret in token.secrets.all() if secret.ends_at is None), "")


def _detail(request: SignedInRequest, token: Token) -> HttpResponse:
    moment = now()
    context = {
        "token": token,
        "now": moment,
        "soon": moment + selectors.SOON,
        "history": selectors.history(token),
        "may_manage": policies.can_manage(request.user, token),
    }
    return render(request, "tokens/detail.html", context)


def _to(token: Token) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("tokens:detail", args=[token.public_id]))
