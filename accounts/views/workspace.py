"""The pages of the workspace one works in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.access import SESSION_KEY, SignedInRequest, requires
from accounts.actions.workspaces import create_workspace, leave_workspace, rename_workspace
from accounts.activity import entries
from accounts.errors import Invalid, NotFound, TooMany
from accounts.forms import WorkspaceForm
from accounts.models import Workspace
from accounts.policies.workspaces import can_end_membership
from accounts.roles import Permission, may
from accounts.selectors import activity_of, members_of, waiting_invitations


@requires(Permission.WORKSPACE_VIEW)
def members(request: SignedInRequest) -> HttpResponse:
    found = members_of(request.workspace)
    mine = next((membership for membership in found if membership.user_id == request.user.pk), None)
    context = {
        "members": found,
        "invitations": waiting_invitations(request.workspace),
        "may_manage": may(request.user, Permission.WORKSPACE_MANAGE, request.workspace),
        "may_leave": mine is not None and can_end_membership(mine),
        "now": clock.now(),
    }
    return render(request, "accounts/members.html", context)


@requires(Permission.WORKSPACE_VIEW)
def activity(request: SignedInRequest) -> HttpResponse:
    page = activity_of(request.workspace, _number(request, "before"), _number(request, "after"))
    return render(request, "accounts/activity.html", {"page": page, "entries": entries(page.events)})


def _number(request: SignedInRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 18 else None


@requires(Permission.WORKSPACE_MANAGE)
def rename(request: SignedInRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, initial={"name": request.workspace.name})
    if request.method == "POST" and form.is_valid():
        try:
            rename_workspace(workspace=request.workspace, name=form.cleaned_data["name"], by=request.user)
        except Invalid as error:
            form.add_error("name", str(error.message))
        else:
            messages.success(request, _("The workspace has its new name."))
            return redirect("workspace:members")
    return _form_page(request, "accounts/workspace_rename.html", form)


@requires(Permission.SIGNED_IN)
def new(request: SignedInRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workspace = create_workspace(name=form.cleaned_data["name"], by=request.user)
        except (Invalid, TooMany) as error:
            form.add_error("name", str(error.message))
        else:
            request.session[SESSION_KEY] = workspace.public_id
            messages.success(request, _("You work in the new workspace now. Invite the others."))
            return redirect("workspace:members")
    return _form_page(request, "accounts/workspace_new.html", form)


@requires(Permission.SIGNED_IN)
@require_POST
def switch(request: SignedInRequest) -> HttpResponse:
    """Work in another of one's workspaces from now on, in this session."""
    chosen = request.POST.get("workspace", "")
    if not Workspace.objects.filter(public_id=chosen, memberships__user=request.user).exists():
        raise NotFound
    request.session[SESSION_KEY] = chosen
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return redirect(target if safe else "/")


@requires(Permission.WORKSPACE_VIEW)
def leave(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "accounts/workspace_leave.html", {"workspace": request.workspace})
    leave_workspace(workspace=request.workspace, by=request.user)
    request.session.pop(SESSION_KEY, None)
    messages.success(request, _("You have left the workspace."))
    return redirect("/")


def _form_page(request: SignedInRequest, template: str, form: WorkspaceForm) -> HttpResponse:
    return render(request, template, {"form": form}, status=422 if form.is_bound else 200)
