"""Tokens: make, show once, rotate, restrict, revoke."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import effect
from accounts.access import SignedInRequest, owned, requires
from accounts.activity import entries
from accounts.clock import now
from accounts.errors import Conflict, DomainError
from accounts.ids import new_public_id
from accounts.paging import links
from accounts.policies import can_be_reached
from accounts.reauthentication import reauthenticated
from accounts.roles import Permission, may
from tiers import snapshot
from tiers.entitlements import standing
from tokens.actions import tokens as actions
from tokens.actions.tokens import Minted
from tokens.forms.errors import add_domain_error
from tokens.forms.tokens import RestrictionsForm, RevokeForm, RotateForm, TokenForm, overlaps, renew, token_form
from tokens.models import Token
from tokens.policies import tokens as policies
from tokens.selectors import allowances, limits, usage
from tokens.selectors import tokens as selectors
from tokens.selectors.standings import grants_of
from tokens.views.whereabouts import applications_to_choose, to_first_application


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """All tokens of the workspace, live or ended."""
    tab = selectors.ENDED if request.GET.get("tab") == selectors.ENDED else selectors.LIVE
    find = request.GET.get("find", "").strip()[:80]
    after, before, moment = request.GET.get("after", "")[:12], request.GET.get("before", "")[:12], now()
    found = selectors.tokens(request.workspace, moment, tab=tab, find=find, after=after, before=before)
    applications = applications_to_choose(request)
    context = {
        "page": found,
        "tab": tab,
        "find": find,
        "now": moment,
        "soon": moment + selectors.SOON,
        "pages": links(request, before=found.before, after=found.after),
        "counts": selectors.counts(request.workspace, moment),
        "may_manage": may(request.user, Permission.TOKEN_MANAGE, request.workspace),
        "new_form": token_form(applications) if applications else None,
    }
    return render(request, "tokens/list.html", context)


@requires(Permission.TOKEN_MANAGE)
@never_cache
@reauthenticated
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """The form; and, in answer to it, the one page that ever shows the token."""
    applications = applications_to_choose(request)
    if not applications:
        return to_first_application(request)
    initial = {"application": request.GET.get("application", ""), "once": new_public_id()}
    form = TokenForm(request.POST or None, applications=applications, initial=initial)
    if request.method != "POST":
        return _write(request, form)
    if not form.is_valid():
        return _write(request, form, status=422)
    try:
        return _reveal(request, _mint(form, request))
    except DomainError as error:
        add_domain_error(form, error, {"expires_at": "day"})
        made = str(error.details.get("public_id", "")) if isinstance(error, Conflict) else ""
        if made:
            renew(form, once=new_public_id())
        return _write(request, form, status=error.status, made=made)


def _write(request: SignedInRequest, form: TokenForm, *, status: int = 200, made: str = "") -> HttpResponse:
    """`made`: the token that this form made when it was sent before."""
    chosen = form.applications.get(str(form["application"].value())) or next(iter(form.applications.values()))
    why_not = policies.why_not_mint(request.user, chosen) if status == 200 else None
    others = bool(chosen.suspended_at) and len(form.applications) > 1
    context = {
        "form": form,
        "made": made,
        "why_not": why_not,
        "reachable": why_not is None or can_be_reached(request.user),
        "closed": why_not and not others,
    }
    return render(request, "tokens/new.html", context, status=status)


def _mint(form: TokenForm, request: SignedInRequest) -> Minted:
    values = form.cleaned_data
    return actions.mint_token(
        application=form.applications[values["application"]],
        kind=values["kind"],
        name=values["name"],
        expires_at=form.expires_at(),
        restrictions=form.restrictions(),
        by=request.user,
        once=values["once"],
    )


def _reveal(request: SignedInRequest, minted: Minted, rotated: bool = False) -> HttpResponse:
    """Never in an address, a message or a session: the answer to the POST is the only copy."""
    token = minted.token
    context = {
        "token": token,
        "text": minted.text,
        "rotated": rotated,
        "closing": selectors.closing(token, now()) if rotated else None,
        "effective": rotated and effect.is_effective(token.workspace),
        "base_url": f"{settings.SITE_URL}/v1",
        "example": selectors.example_model(token, snapshot.kept(), grants_of(token.workspace), now()),
    }
    return render(request, "tokens/reveal.html", context)


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    token, moment = _find(request, public_id), now()
    may_manage = policies.can_manage(request.user, token)
    stands = standing(snapshot.kept(), grants_of(token.workspace), token.application_id, moment)
    context = {
        "token": token,
        "now": moment,
        "calls": usage.of_token(token, moment.date()),
        "allowances": allowances.of_token(token, stands, moment),
        "soon": moment + selectors.SOON,
        "history": entries(list(selectors.history(token))),
        "closing": selectors.closing(token, moment),
        "caps": limits.caps(token, moment),
        "ended": token.expires_at is not None and token.expires_at <= moment,
        "may_manage": may_manage,
        "why_not_rotate": policies.why_not_rotate(request.user, token, moment),
        "overlaps": overlaps(token, moment),
        "rotate_form": RotateForm(initial={"seen": selectors.current(token)}, auto_id="rotate_%s"),
        "revoke_form": RevokeForm(auto_id="revoke_%s"),
    }
    return render(request, "tokens/detail.html", context)


@requires(Permission.TOKEN_MANAGE)
@never_cache
@reauthenticated
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: SignedInRequest, public_id: str) -> HttpResponse:
    token, moment, status = _find(request, public_id), now(), 200
    form = RotateForm(request.POST or None, initial={"seen": selectors.current(token)})
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                seen = form.cleaned_data["seen"]
                minted = actions.rotate_token(token=token, overlap=form.chosen(), by=request.user, seen=seen)
                return _reveal(request, minted, rotated=True)
            except DomainError as error:
                add_domain_error(form, error)
                renew(form, seen=selectors.current(_find(request, public_id)))
                status = error.status
    context = {
        "token": token,
        "form": form,
        "overlaps": overlaps(token, moment),
        "why_not": policies.why_not_rotate(request.user, token, moment) if status == 200 else None,
    }
    return render(request, "tokens/rotate.html", context, status=status)


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
                effect.say(request, _("“%(name)s” is revoked.") % {"name": token.name}, token.workspace)
                return _to(token)
            except DomainError as error:
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
                effect.say(request, _("Saved."), token.workspace)
                return _to(token)
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
    return render(request, "tokens/edit.html", {"token": token, "form": form}, status=status)


def _find(request: SignedInRequest, public_id: str) -> Token:
    return owned(request, selectors.with_secrets(Token.objects.all()), public_id)


def _to(token: Token) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("tokens:detail", args=[token.public_id]))
