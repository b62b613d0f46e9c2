"""One member of a workspace, and the invitations of new ones."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import SignedInRequest, owned, requires
from accounts.actions.invitations import invite_member, revoke_invitation
from accounts.actions.workspaces import change_member_role, remove_member
from accounts.errors import DomainError, Invalid, NotFound, TooMany
from accounts.forms import InvitationForm, MemberRoleForm
from accounts.models import Invitation, Membership
from accounts.policies.workspaces import can_end_membership
from accounts.roles import Permission


@requires(Permission.WORKSPACE_MANAGE)
def invite(request: SignedInRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invite_member(workspace=request.workspace, by=request.user, **form.cleaned_data)
        except (Invalid, TooMany) as error:
            form.add_error(getattr(error, "field", None), str(error.message))
        else:
            messages.success(request, _("The invitation goes to %(email)s.") % {"email": invitation.email})
            return redirect("workspace:members")
    return render(request, "accounts/invite.html", {"form": form}, status=422 if form.is_bound else 200)


@requires(Permission.WORKSPACE_MANAGE)
@require_POST
def revoke(request: SignedInRequest, public_id: str) -> HttpResponse:
    invitation = owned(request, Invitation.objects.select_related("workspace"), public_id)
    revoke_invitation(invitation=invitation, by=request.user)
    messages.success(request, _("The invitation is revoked. Its link no longer works."))
    return redirect("workspace:members")


@requires(Permission.WORKSPACE_MANAGE)
def member(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Change a member's role."""
    membership = _membership(request, public_id)
    form = MemberRoleForm(request.POST or None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        try:
            change_member_role(membership=membership, role=form.cleaned_data["role"], by=request.user)
        except DomainError as error:
            form.add_error("role", str(error.message))
        else:
            messages.success(request, _("The role is changed."))
            return redirect("workspace:members")
    context = {"form": form, "membership": membership, "may_remove": can_end_membership(membership)}
    return render(request, "accounts/member.html", context, status=422 if form.is_bound else 200)


@requires(Permission.WORKSPACE_MANAGE)
@require_POST
def remove(request: SignedInRequest, public_id: str) -> HttpResponse:
    remove_member(membership=_membership(request, public_id), by=request.user)
    messages.success(request, _("The membership has ended. Tokens that the person made keep working."))
    return redirect("workspace:members")


def _membership(request: SignedInRequest, public_id: str) -> Membership:
    found = Membership.objects.select_related("user", "workspace").filter(
        workspace=request.workspace, user__public_id=public_id
    )
    membership = found.first()
    if membership is None:
        raise NotFound
    return membership
