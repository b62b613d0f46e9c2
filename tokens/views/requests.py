"""An applicant's access requests: write, send, follow, answer, withdraw."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import SignedInRequest, owned, requires
from accounts.clock import now
from accounts.errors import Conflict, DomainError
from accounts.paging import links
from accounts.policies import can_be_reached
from accounts.roles import Permission
from tiers import snapshot
from tiers.facts import Catalogue
from tokens.actions import requests as actions
from tokens.forms.errors import add_domain_error
from tokens.forms.requests import AccessRequestForm, MessageForm
from tokens.lifecycle import Action
from tokens.links import to_part
from tokens.models import AccessRequest, Application, Decision, RequestState
from tokens.policies import requests as policies
from tokens.selectors import asking
from tokens.selectors import requests as selectors
from tokens.selectors.asking import Note
from tokens.selectors.resubmission import asked_last
from tokens.selectors.review_timeline import timeline
from tokens.selectors.standings import grants_of, standings
from tokens.selectors.usual_times import in_words
from tokens.views.whereabouts import applications_to_choose, to_first_application


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    cursors = {name: request.GET.get(name, "")[:12] for name in ("after", "before")}
    found = selectors.access_requests(request.workspace, **cursors)
    pages = links(request, before=found.before, after=found.after)
    return render(request, "requests/list.html", {"page": found, "pages": pages})


@requires(Permission.REQUEST_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """The form, filled in for `?tier=`, `?model=` and `?application=`. It is saved as a draft (by itself while it is
    written, with `X-Autosave`; the answer says where the draft is), or sent."""
    applications = applications_to_choose(request)
    if not applications:
        return to_first_application(request)
    catalogue = snapshot.kept()
    named = {name: request.GET.get(name, "")[:100] for name in ("tier", "model")}
    free = policies.free_rank(catalogue, request.workspace.pk)
    download = request.GET.get("permission") == "download"
    wanted = asking.wanted(catalogue, now(), free=free, download=download, **named)
    initial = {"application": request.GET.get("application", ""), "subject": wanted.subject}
    form = _form(request, catalogue, applications, initial=initial)
    if request.method != "POST":
        begun = _begun(request, form)
        return _edit(begun) if begun else _write(request, catalogue, form, note=wanted.note)
    if not form.is_valid():
        return _write(request, catalogue, form, status=422)
    try:
        draft = _draft_to_go_on_with(request, form)
        application = form.application_chosen()
        draft = actions.save_draft(application=application, by=request.user, draft=draft, **form.values())
    except DomainError as error:
        return _refused(request, catalogue, form, error)
    return _send_or_keep(request, catalogue, draft, form)


def _begun(request: SignedInRequest, form: AccessRequestForm) -> AccessRequest | None:
    """The draft that this person has for just what the address names, so that it is not written over."""
    application, tier, model = form.shown()
    named = "application" in request.GET or len(form.applications) == 1
    return selectors.own_draft(request.user, application, "", tier, model) if named and (tier or model) else None


def _draft_to_go_on_with(request: SignedInRequest, form: AccessRequestForm) -> AccessRequest | None:
    """The draft that this form saved by itself before. For another application it begins anew."""
    application, values = form.application_chosen(), form.values()
    saved = selectors.own_draft(request.user, application, form.cleaned_data["draft"], values["tier"], values["model"])
    if saved is not None and saved.application_id != application.pk:
        actions.withdraw_request(access_request=saved, by=request.user)
        return None
    return saved


@requires(Permission.REQUEST_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    """A draft, or one that was sent back. Saved by itself while it is written (`X-Autosave`)."""
    asked = _find(request, public_id)
    if not policies.can_act(request.user, asked, Action.SAVE):
        return _to(asked)
    catalogue = snapshot.kept()
    form = _form(request, catalogue, [asked.application], initial=AccessRequestForm.initial_of(asked), asked=asked)
    if request.method != "POST":
        return _write(request, catalogue, form, asked)
    if not form.is_valid():
        return _write(request, catalogue, form, asked, status=422)
    try:
        asked = actions.edit_request(access_request=asked, values=form.values(), by=request.user)
    except DomainError as error:
        return _refused(request, catalogue, form, error, asked)
    return _send_or_keep(request, catalogue, asked, form)


def _send_or_keep(
    request: SignedInRequest, catalogue: Catalogue, asked: AccessRequest, form: AccessRequestForm
) -> HttpResponse:
    if request.headers.get("X-Autosave"):
        return HttpResponse(status=204, headers={"X-Draft": reverse("requests:edit", args=[asked.public_id])})
    if "send" not in request.POST:
        messages.success(request, _("Saved. Nobody reviews it until you send it."))
        return _edit(asked)
    try:
        actions.submit_request(access_request=asked, by=request.user)
    except DomainError as error:
        return _refused(request, catalogue, form, error, asked)
    messages.success(request, _("Sent. You will have an e-mail when it is decided."))
    return _to(asked)


@requires(Permission.WORKSPACE_VIEW)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    asked = _find(request, public_id)
    return to_part(request) or _detail(request, asked)


@requires(Permission.REQUEST_WRITE)
@require_POST
def message(request: SignedInRequest, public_id: str) -> HttpResponse:
    asked = _find(request, public_id)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _detail(request, asked, form=form, status=422)
    try:
        actions.add_message(access_request=asked, text=form.cleaned_data["text"], by=request.user)
    except DomainError as error:
        add_domain_error(form, error)
        return _detail(request, _find(request, public_id), form=form, status=error.status)
    return _to(asked, "#conversation-h")


@requires(Permission.REQUEST_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: SignedInRequest, public_id: str) -> HttpResponse:
    """A page that says what will happen, then the act."""
    asked = _find(request, public_id)
    if request.method == "POST":
        try:
            actions.withdraw_request(access_request=asked, by=request.user)
            messages.success(request, _("Withdrawn. You can ask again at any time."))
        except Conflict as error:
            messages.warning(request, str(error.message))
        return _to(asked)
    if not policies.can_act(request.user, asked, Action.WITHDRAW):
        return _to(asked)
    return render(request, "requests/withdraw.html", {"asked": asked})


def _find(request: SignedInRequest, public_id: str) -> AccessRequest:
    return owned(request, selectors.joined(), public_id)


def _edit(asked: AccessRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("requests:edit", args=[asked.public_id]))


def _to(asked: AccessRequest, fragment: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("requests:detail", args=[asked.public_id]) + fragment)


def _form(
    request: SignedInRequest,
    catalogue: Catalogue,
    applications: list[Application],
    *,
    initial: dict[str, Any],
    asked: AccessRequest | None = None,
) -> AccessRequestForm:
    """One sent back keeps its subject; a new one and a draft may choose any tier, and the model they came for."""
    tiers = list(selectors.askable_tiers(policies.free_rank(catalogue, applications[0].workspace_id)))
    name = str(request.POST.get("subject") or initial.get("subject") or "").removeprefix("model:")
    model = selectors.askable_model(catalogue, name)
    models = [model] if model else []
    if asked is not None and asked.model and asked.model not in models:
        models.append(asked.model)
    if asked is not None and asked.state != RequestState.DRAFT:
        tiers, models = [asked.tier] if asked.tier else [], [asked.model] if asked.model else []
    stands = standings(catalogue, grants_of(applications[0].workspace), applications, now())
    return AccessRequestForm(
        request.POST or None,
        applications=applications,
        stands={pk: found.tier for pk, found in stands.items()},
        tiers=tiers,
        models=models,
        initial=initial,
    )


def _write(
    request: SignedInRequest,
    catalogue: Catalogue,
    form: AccessRequestForm,
    asked: AccessRequest | None = None,
    *,
    note: Note | None = None,
    status: int = 200,
) -> HttpResponse:
    if status != 200 and request.headers.get("X-Autosave"):
        return HttpResponse(status=422)
    moment = now()
    application, tier, model = form.shown()
    if asked is None and status == 200 and (tier or model):
        note = asking.obstacle(application, tier, model) or note
    stands, held = selectors.stands(application, catalogue, moment)
    context = {
        "form": form,
        "asked": asked,
        "asked_for": _asked_for(asked),
        "note": note,
        "stands": stands,
        "reachable": can_be_reached(request.user),
        "checks": selectors.checks(application),
        "waiting": selectors.waiting(),
        "usual": selectors.usual(form.higher_than(stands)),
        "openings": [selectors.opening(catalogue, stands, slug, held, moment) for slug in form.higher_than(stands)],
    }
    return render(request, "requests/write.html", context, status=status)


def _asked_for(asked: AccessRequest | None) -> Decision | None:
    """What the applicant is to change before it goes on."""
    return asked_last(asked) if asked and asked.state == RequestState.CHANGES_REQUESTED else None


def _refused(
    request: SignedInRequest,
    catalogue: Catalogue,
    form: AccessRequestForm,
    error: DomainError,
    asked: AccessRequest | None = None,
) -> HttpResponse:
    """What was typed stays; where another access request is in the way, the sentence links to it."""
    other = asking.in_the_way(error)
    if other is not None:
        link = '{} <a class="link" href="{}">{}</a>'
        form.add_error(None, format_html(link, other.text, other.href, other.label))
    else:
        add_domain_error(form, error, {"tier": "subject", "model": "subject"})
    return _write(request, catalogue, form, asked, status=error.status)


def _detail(
    request: SignedInRequest, asked: AccessRequest, *, form: MessageForm | None = None, status: int = 200
) -> HttpResponse:
    catalogue, moment = snapshot.kept(), now()
    may = {str(action): policies.can_act(request.user, asked, action) for action in (Action.SAVE, Action.WITHDRAW)}
    stands, held = selectors.stands(asked.application, catalogue, moment)
    grants = selectors.given_by(asked) if asked.state == RequestState.APPROVED else []
    context = {
        "asked": asked,
        "form": form or MessageForm(),
        "may": may,
        "may_answer": policies.can_act(request.user, asked, Action.ANSWER),
        "timeline": timeline(asked, request.user, internal=False),
        "place": selectors.place_in_line(asked, moment),
        "usual": in_words(asked.kind),
        "holder": asked.claimed_by or asked.assigned_to,
        "asked_for": _asked_for(asked),
        "grants": grants,
        "limits": selectors.own_limits(grants),
        "grant_live": any(selectors.holds(grant, moment) for grant in grants),
        "stands": stands,
        "opening": selectors.opening(catalogue, stands, asked.tier.slug, held, moment)
        if asked.tier and asked.is_open
        else None,
        "again_at": policies.may_ask_again_at(asked) if asked.state == RequestState.REJECTED else None,
        "now": moment,
    }
    return render(request, "requests/detail.html", context, status=status)
