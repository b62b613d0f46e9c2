"""Bringing in what was asked for in GitHub's issues: repositories, files, and what became of each issue."""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import SignedInRequest, requires
from accounts.deferred import publish
from accounts.errors import Invalid, NotFound
from accounts.paging import page_of
from accounts.reauthentication import reauthenticated
from accounts.roles import Permission
from tiers.forms.sources import RetireForm
from tiers.views.forms_sent import answer, taken
from tokens.actions import issue_forms, issue_import
from tokens.actions.issue_comments import keep_alone
from tokens.actions.issue_forms import MintedForm
from tokens.actions.issue_import import Taken
from tokens.forms.imports import IssueFormForm, IssuesFileForm
from tokens.issue_import import bodies, matching
from tokens.issue_import.payloads import File, read_file
from tokens.issue_import.tasks import open_imported
from tokens.models import IssueForm
from tokens.selectors import imports as selectors

PAGE_METHODS = ["GET", "HEAD", "POST"]
MOST_COMMENTS: Final = 500


@requires(Permission.REVIEW_MANAGE)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    page = page_of(request, selectors.forms(), "-id")
    return render(request, "imports/list.html", {"page": page})


@requires(Permission.REVIEW_MANAGE)
@reauthenticated
@never_cache
@require_http_methods(PAGE_METHODS)
def new(request: SignedInRequest) -> HttpResponse:
    """The headings can be left empty: after the first issues came, their own are offered."""
    form = IssueFormForm(request.POST or None, headings=[])
    minted = taken(request, form, lambda: issue_forms.add_form(by=request.user, **form.values()))
    if minted is not None:
        return _reveal(request, minted)
    return answer(request, "imports/new.html", form)


@requires(Permission.REVIEW_MANAGE)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _detail(request, selectors.find_form(public_id), IssuesFileForm())


@requires(Permission.REVIEW_MANAGE)
@require_POST
def upload(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Bring in a file. It makes no access request yet: what was read of each issue is looked at first."""
    source = selectors.find_form(public_id)
    form = IssuesFileForm(request.POST, request.FILES)
    found: File | None = None
    if form.is_valid():
        try:
            found = read_file(form.cleaned_data["file"])
        except Invalid as error:
            form.add_error("file", str(error.message))
    if found is None:
        return _detail(request, source, form, status=422)
    taken_in = issue_import.take_in(form=_with_headings(source, found, request), issues=found.issues)
    comments, homeless = keep_alone(form=source, comments=found.comments)
    taken_in.comments += comments
    _tell(request, taken_in, homeless)
    return _detail(request, source, IssuesFileForm(), file=found) if found.unread else _back(source)


def _with_headings(source: IssueForm, found: File, request: SignedInRequest) -> IssueForm:
    """The first file says which headings there are: those that speak for themselves are taken as ours."""
    if source.headings or not found.issues:
        return source
    headings: dict[str, None] = {}
    for issue in found.issues[:50]:
        headings.update(dict.fromkeys(bodies.read(issue.body).found))
    guessed = matching.guess(headings)
    return issue_forms.suggest_headings(form=source, headings=guessed, by=request.user)


@requires(Permission.REVIEW_MANAGE)
@require_http_methods(PAGE_METHODS)
def edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    source = selectors.find_form(public_id)
    headings = selectors.headings(source)
    initial = {"tier": source.tier and source.tier.slug, "model": source.model and source.model.name}
    initial |= {"label": source.label, **{f"heading_{name}": text for name, text in source.headings.items()}}
    form = IssueFormForm(request.POST or None, known=True, headings=headings, initial=initial)
    edited = taken(request, form, lambda: issue_forms.edit_form(form=source, by=request.user, **form.values()))
    if edited is not None:
        messages.success(request, _("Saved. Issues that wait were read again."))
        return _back(edited)
    return answer(request, "imports/edit.html", form, source=source, headings=headings)


@requires(Permission.REVIEW_MANAGE)
@require_POST
def want(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Make access requests of the issues chosen, or of all that are open."""
    source = selectors.find_form(public_id)
    chosen = None if "all" in request.POST else request.POST.getlist("issue")
    number = issue_import.want(form=source, public_ids=chosen, by=request.user)
    if not number:
        messages.warning(request, _("Choose at least one issue."))
        return _back(source)
    publish(open_imported)
    said = ngettext(
        "%(number)d issue becomes an access request as soon as its author is known here.",
        "%(number)d issues become access requests, each as soon as its author is known here.",
        number,
    )
    messages.success(request, said % {"number": number})
    return _back(source, tab=selectors.AUTHORS)


@requires(Permission.REVIEW_MANAGE)
@require_safe
def issue(request: SignedInRequest, public_id: str, issue_id: str) -> HttpResponse:
    source = selectors.find_form(public_id)
    found = selectors.issue(source, issue_id)
    if found is None:
        raise NotFound
    [row] = selectors.rows([found])
    context = {"source": source, "row": row, "filed": selectors.filed(found)}
    context["comments"] = found.comments.order_by("at", "id")[:MOST_COMMENTS]
    return render(request, "imports/issue.html", context)


@requires(Permission.REVIEW_MANAGE)
@reauthenticated
@never_cache
@require_http_methods(PAGE_METHODS)
def rotate(request: SignedInRequest, public_id: str) -> HttpResponse:
    source = selectors.find_form(public_id)
    if request.method == "POST":
        return _reveal(request, issue_forms.rotate_secret(form=source, by=request.user))
    return render(request, "imports/rotate.html", {"source": source})


@requires(Permission.REVIEW_MANAGE)
@require_http_methods(PAGE_METHODS)
def retire(request: SignedInRequest, public_id: str) -> HttpResponse:
    source = selectors.find_form(public_id)
    form = RetireForm(request.POST or None)
    retired = taken(request, form, lambda: issue_forms.retire_form(form=source, by=request.user, **form.cleaned_data))
    if retired is not None:
        messages.success(request, _("Retired. What its webhook sends is refused from now on."))
        return redirect("review:imports")
    return answer(request, "imports/retire.html", form, source=source)


def _detail(
    request: SignedInRequest, source: IssueForm, form: IssuesFileForm, *, file: File | None = None, status: int = 200
) -> HttpResponse:
    tab = request.GET.get("tab", "")
    tab = tab if tab in selectors.TABS else selectors.WAITING
    page = page_of(request, selectors.issues(source, tab), "-id")
    context: dict[str, Any] = {
        "source": source,
        "form": form,
        "file": file,
        "tab": tab,
        "tabs": selectors.tabs(source),
        "page": page,
        "rows": selectors.rows(page.rows),
        "fields": selectors.named_headings(source),
        "webhook": _webhook(source),
    }
    return render(request, "imports/detail.html", context, status=status)


def _tell(request: SignedInRequest, taken_in: Taken, homeless: int) -> None:
    """`homeless` are comments on issues that are not here."""
    said = _("%(new)d new, %(changed)d changed, %(same)d as they were.")
    values = {"new": taken_in.new, "changed": taken_in.changed, "same": taken_in.same, "others": taken_in.others}
    messages.success(request, said % values)
    if taken_in.comments:
        told = ngettext("%(n)d comment new or changed.", "%(n)d comments new or changed.", taken_in.comments)
        messages.success(request, told % {"n": taken_in.comments})
    if homeless:
        why = _("Comments left out, since their issue is not here: %(n)d. Bring in the issues first.")
        messages.warning(request, why % {"n": homeless})
    if taken_in.others:
        without = ngettext("%(others)d has not the label.", "%(others)d have not the label.", taken_in.others)
        messages.info(request, without % values)


def _back(source: IssueForm, tab: str = "") -> HttpResponseRedirect:
    query = f"?tab={tab}" if tab else ""
    return HttpResponseRedirect(reverse("review:import", args=[source.public_id]) + query)


def _webhook(source: IssueForm) -> str:
    return settings.SITE_URL + reverse("issue_webhook", args=[source.public_id])


def _reveal(request: SignedInRequest, minted: MintedForm) -> HttpResponse:
    """In the answer itself: an address or a session that led to the secret would be a second copy of it."""
    context = {"source": minted.form, "text": minted.text, "webhook": _webhook(minted.form)}
    return render(request, "imports/reveal.html", context)
