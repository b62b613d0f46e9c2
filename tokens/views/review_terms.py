"""How the desk works: the terms of each kind of access request, and the groups of reviewers."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, requires
from accounts.activity import entries
from accounts.errors import Conflict, Invalid
from accounts.roles import Permission
from tokens.actions import review_groups as group_actions
from tokens.actions.review_terms import set_terms
from tokens.forms.review_terms import GroupForm, TermsForm, of_terms
from tokens.models import ReviewGroup
from tokens.selectors import review_terms as selectors
from tokens.selectors.review_terms import KindTerms
from tokens.selectors.reviewers import reviewers


@requires(Permission.REVIEW_MANAGE)
def terms(request: SignedInRequest) -> HttpResponse:
    """One form a kind; what is sent names its kind."""
    kinds, groups = selectors.kinds(), list(selectors.groups())
    sent = request.POST.get("kind", "") if request.method == "POST" else ""
    forms = {
        kind.kind: TermsForm(
            request.POST if kind.kind == sent else None,
            prefix=kind.kind.replace(":", "-"),
            initial=of_terms(kind.terms),
            groups=groups,
        )
        for kind in kinds
    }
    found = next((kind for kind in kinds if kind.kind == sent), None)
    if found is not None and _set(request, found, forms[sent]):
        messages.success(request, _("Saved. It holds for what is sent from now on."))
        return HttpResponseRedirect(f"{reverse('review:terms')}#{sent.replace(':', '-')}-h")
    context = {
        "rows": [(kind, forms[kind.kind]) for kind in kinds],
        "groups": groups,
        "history": entries(list(selectors.history())),
    }
    return render(request, "review_terms/terms.html", context, status=422 if found else 200)


def _set(request: SignedInRequest, kind: KindTerms, form: TermsForm) -> bool:
    if not form.is_valid():
        return False
    try:
        set_terms(tier=kind.tier, by=request.user, **form.cleaned_data)
    except Invalid as error:
        form.add_error(error.field, str(error.message))
        return False
    return True


@requires(Permission.REVIEW_MANAGE)
def groups(request: SignedInRequest) -> HttpResponse:
    """The groups, and the form of a new one."""
    form = _group_form(request)
    if request.method == "POST" and form.is_valid():
        try:
            made = group_actions.make_group(by=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("%(group)s is made.") % {"group": made.name})
            return redirect("review:groups")
    context = {"rows": list(selectors.groups_with_use()), "form": form}
    return render(request, "review_terms/groups.html", context, status=422 if form.errors else 200)


@requires(Permission.REVIEW_MANAGE)
def group(request: SignedInRequest, public_id: str) -> HttpResponse:
    found = get_object_or_404(ReviewGroup, public_id=public_id)
    form = _group_form(request, found)
    if request.method == "POST" and form.is_valid():
        try:
            group_actions.edit_group(group=found, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("Saved."))
            return redirect("review:groups")
    return render(
        request, "review_terms/group.html", {"group": found, "form": form}, status=422 if form.errors else 200
    )


@requires(Permission.REVIEW_MANAGE)
@require_POST
def remove_group(request: SignedInRequest, public_id: str) -> HttpResponse:
    found = get_object_or_404(ReviewGroup, public_id=public_id)
    try:
        group_actions.remove_group(group=found, by=request.user)
    except Conflict as error:
        messages.warning(request, str(error.message))
        return redirect("review:group", public_id=public_id)
    messages.success(request, _("%(group)s is removed.") % {"group": found.name})
    return redirect("review:groups")


def _group_form(request: SignedInRequest, group: ReviewGroup | None = None) -> GroupForm:
    people = list(reviewers().order_by("name", "pk"))
    initial = None
    if group is not None:
        initial = {"name": group.name, "members": list(group.members.values_list("public_id", flat=True))}
    return GroupForm(request.POST if request.method == "POST" else None, people=people, initial=initial)
