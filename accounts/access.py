"""Deny by default: every view names its permission, and every object is looked up through its workspace."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from accounts.errors import NotFound
from accounts.models import User, Workspace
from accounts.roles import IN_WORKSPACE, OF_PLATFORM, Permission, require

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=models.Model)
SESSION_KEY = "workspace"


class SignedInRequest(HttpRequest):
    """What a view gets under `requires()`: a person, and the workspace they work in. `to_decide`, where a view has it:
    how many access requests wait for a decision, as the frame of the page says it."""

    user: User
    workspace: Workspace
    permission: Permission
    to_decide: str


class Named(Protocol):
    """A view that names its permission."""

    permission: Permission


class InWorkspace(Protocol):
    """A row that belongs to a workspace."""

    workspace: Workspace


View = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]


def requires(
    permission: Permission,
) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]]:
    """Name a view's permission. A permission in a workspace is checked for the workspace the person works in, and
    again by `owned()` for the workspace of the object. Pages of the platform look that workspace up if they need it.
    Visitors are sent to sign in."""

    def decorate(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            signed_in = cast(SignedInRequest, request)
            signed_in.permission = permission
            lazy = cast(Workspace, SimpleLazyObject(lambda: current_workspace(signed_in)))
            signed_in.workspace = lazy if permission in OF_PLATFORM else current_workspace(signed_in)
            require(signed_in.user, permission, signed_in.workspace if permission in IN_WORKSPACE else None)
            return view(signed_in, *args, **kwargs)

        cast(Named, checked).permission = permission
        return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", checked)

    return decorate


def demo_only(view: Callable[P, R]) -> Callable[P, R]:
    """Name a view that exists in a demo alone, whoever asks for it."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not settings.DEMO:
            raise NotFound
        return view(*args, **kwargs)

    return checked


def public(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Name a view that anybody may see, signed in or not."""
    cast(Named, view).permission = Permission.PUBLIC
    return view


def current_workspace(request: SignedInRequest) -> Workspace:
    """The workspace chosen in the session while the person still belongs to it, else their personal one."""
    mine = Workspace.objects.filter(memberships__user=request.user)
    chosen = request.session.get(SESSION_KEY)
    workspace = mine.filter(public_id=chosen).first() if chosen else None
    workspace = workspace or mine.filter(personal_of=request.user).first() or mine.order_by("id").first()
    if workspace is None:
        raise NotFound
    return workspace


def owned(request: SignedInRequest, queryset: models.QuerySet[M], public_id: str) -> M:
    """The object of that id in any workspace of this person, with the view's permission checked there. Raises
    NotFound for all else, so that nobody learns which ids exist. The page then stands in that workspace."""
    found = queryset.filter(public_id=public_id, workspace__memberships__user=request.user).first()
    if found is None:
        raise NotFound
    workspace = cast(InWorkspace, found).workspace
    require(request.user, request.permission, workspace)
    request.workspace = workspace
    return found
