"""Which workspace a form stands in, and where the person goes on to once they have what they lacked."""

from urllib.parse import urlencode

from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.access import SignedInRequest
from accounts.ids import is_public_id
from accounts.roles import require
from tokens.models import Application

NEXT = "next"


def applications_to_choose(request: SignedInRequest) -> list[Application]:
    """Those of the workspace, by name. A link may name an application of another workspace of this person, as a
    refusal's remedy does: then the page stands in that one."""
    named = str(request.POST.get("application") or request.GET.get("application") or "")
    if is_public_id(named):
        mine = Application.objects.filter(public_id=named, workspace__memberships__user=request.user)
        found = mine.select_related("workspace").first()
        if found is not None:
            require(request.user, request.permission, found.workspace)
            request.workspace = found.workspace
    return list(Application.objects.filter(workspace=request.workspace).select_related("workspace").order_by("name"))


def to_first_application(request: SignedInRequest) -> HttpResponseRedirect:
    """Make an application first, then come back to this very address."""
    return HttpResponseRedirect(f"{reverse('applications:new')}?{urlencode({NEXT: request.get_full_path()})}")


def way_back(request: SignedInRequest) -> str:
    """The address to come back to, "" where none is given or it is not on this site."""
    address = str(request.POST.get(NEXT) or request.GET.get(NEXT) or "")
    safe = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if safe else ""
