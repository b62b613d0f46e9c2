"""Applications and their domains."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import effect
from accounts.access import SignedInRequest, owned, requires
from accounts.clock import now
from accounts.errors import DomainError, Invalid, NotFound, TooMany
from accounts.paging import links
from accounts.policies import can_be_reached
from accounts.roles import Permission, may
from tiers import snapshot
from tiers.selectors.packs import with_calls_left
from tokens.actions import applications as actions
from tokens.forms.applications import ApplicationEditForm, ApplicationForm, DomainForm
from tokens.forms.errors import add_domain_error
from tokens.forms.tokens import token_form
from tokens.models import Application, Domain
from tokens.policies import applications as policies
from tokens.policies.tokens import why_not_mint
from tokens.selectors import allowances, usage
from tokens.selectors import applications as selectors
from tokens.selectors import tokens as token_selectors
from tokens.selectors.standings import callable_models, grants_of
from tokens.views.whereabouts import way_back


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    moment = now()
    found = selectors.applications(
        request.workspace,
        snapshot.kept(),
        moment,
        after=request.GET.get("after", "")[:12],
        before=request.GET.get("before", "")[:12],
    )
    context = {
        "page": found,
        "now": moment,
        "soon": moment + token_selectors.SOON,
        "pages": links(request, before=found.before, after=found.after),
        "may_manage": may(request.user, Permission.TOKEN_MANAGE, request.workspace),
        **_creating(request),
    }
    return render(request, "applications/list.html", context)


@requires(Permission.APPLICATION_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    form = ApplicationForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.create_application(workspace=request.workspace, by=request.user, **form.cleaned_data)
                return HttpResponseRedirect(_with(made, way_back(request))) if way_back(request) else _to(made)
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
    context = {"form": form, "next": way_back(request), **(_creating(request) if status == 200 else {})}
    return render(request, "applications/new.html", context, status=status)


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _detail(request, _find(request, public_id))


@requires(Permission.APPLICATION_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    application = _find(request, public_id)
    form = ApplicationEditForm(request.POST or None, instance=_find(request, public_id))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.edit_application(application=application, values=form.cleaned_data, by=request.user)
                effect.say(request, _("Saved."), application.workspace)
                return _to(application)
            except DomainError as error:
                add_domain_error(form, error)
                status = error.status
    return render(request, "applications/edit.html", {"application": application, "form": form}, status=status)


@requires(Permission.APPLICATION_EDIT)
@require_POST
def add_domain(request: SignedInRequest, public_id: str) -> HttpResponse:
    application = _find(request, public_id)
    form = DomainForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            actions.add_domain(application=application, host=form.cleaned_data["host"], by=request.user)
            return _to(application, "#domains-h")
        except DomainError as error:
            add_domain_error(form, error)
            status = error.status
    return _detail(request, application, domain_form=form, status=status)


@requires(Permission.APPLICATION_EDIT)
@require_POST
def remove_domain(request: SignedInRequest, public_id: str, domain_id: str) -> HttpResponse:
    application = _find(request, public_id)
    actions.remove_domain(domain=_domain(application, domain_id), by=request.user)
    return _to(application, "#domains-h")


@requires(Permission.APPLICATION_EDIT)
@require_POST
def prove_domain(request: SignedInRequest, public_id: str, domain_id: str) -> HttpResponse:
    """Ask DNS and the site; the page then says what was found."""
    application = _find(request, public_id)
    try:
        domain = actions.prove_domain(domain=_domain(application, domain_id), by=request.user)
    except (Invalid, TooMany) as error:
        messages.warning(request, str(error.message))
        return _to(application, "#domains-h")
    if domain.check_error:
        messages.warning(request, _("%(host)s is not proved yet.") % {"host": domain.host})
    else:
        messages.success(request, _("%(host)s is proved.") % {"host": domain.host})
    return _to(application, "#domains-h")


def _creating(request: SignedInRequest) -> dict[str, object]:
    """Whether there is a button for a new application, else why not."""
    why_not = policies.why_not_create(request.user, request.workspace)
    return {"why_not": why_not, "reachable": why_not is None or can_be_reached(request.user)}


def _find(request: SignedInRequest, public_id: str) -> Application:
    return owned(request, Application.objects.select_related("workspace"), public_id)


def _domain(application: Application, public_id: str) -> Domain:
    found = Domain.objects.select_related("application__workspace").filter(application=application)
    domain = found.filter(public_id=public_id).first()
    if domain is None:
        raise NotFound
    return domain


def _detail(
    request: SignedInRequest, application: Application, *, domain_form: DomainForm | None = None, status: int = 200
) -> HttpResponse:
    moment, catalogue = now(), snapshot.kept()
    grants = grants_of(application.workspace)
    row = selectors.applications_row(application, catalogue, grants, moment)
    why_not = why_not_mint(request.user, application)
    context = {
        "application": application,
        "row": row,
        "tokens": token_selectors.tokens(application.workspace, moment, application=application).rows,
        "now": moment,
        "soon": moment + token_selectors.SOON,
        "may_manage": may(request.user, Permission.TOKEN_MANAGE, application.workspace),
        "calls": usage.of_application(application, moment.date()),
        "allowances": allowances.of_applications(
            application.workspace, [application], {application.pk: row.stands}, moment
        ),
        "grants": with_calls_left(selectors.grants_in_force(application, moment)),
        "domains": application.domains.all(),
        "requests": selectors.requests_of(application),
        "models": callable_models(catalogue, grants, application.pk, moment),
        "domain_form": domain_form or DomainForm(),
        "may_edit": may(request.user, Permission.APPLICATION_EDIT, application.workspace),
        "why_not": why_not,
        "reachable": why_not is None or can_be_reached(request.user),
        "new_form": None if why_not else token_form([application], chosen=application.public_id),
    }
    return render(request, "applications/detail.html", context, status=status)


def _with(made: Application, address: str) -> str:
    """The address to go on to, with the new application chosen there."""
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "application"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("application", made.public_id)])))


def _to(application: Application, fragment: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("applications:detail", args=[application.public_id]) + fragment)
