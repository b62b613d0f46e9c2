"""The page behind an invitation's link. Mail scanners open links, so only its button accepts."""

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts import clock
from accounts.access import SESSION_KEY, public
from accounts.actions.invitations import accept_invitation
from accounts.errors import NotFound
from accounts.models import Invitation, User
from accounts.policies.invitations import check_open, has_confirmed


@public
@never_cache
def invitation(request: HttpRequest, public_id: str, secret: str) -> HttpResponse:
    found = Invitation.objects.select_related("workspace", "created_by").filter(public_id=public_id).first()
    if found is None:
        raise NotFound(_("This link is not whole. Open it from the mail once more, or ask for a new invitation."))
    check_open(found, secret, clock.now())
    user = request.user
    if request.method != "POST":
        matches = isinstance(user, User) and has_confirmed(user, found.email)
        return render(request, "accounts/invitation.html", {"invitation": found, "matches": matches})
    if not isinstance(user, User):
        return redirect_to_login(request.get_full_path())
    membership = accept_invitation(invitation=found, secret=secret, by=user)
    request.session[SESSION_KEY] = membership.workspace.public_id
    messages.success(request, _("You are a member now, and work in this workspace."))
    return redirect("workspace:members")
