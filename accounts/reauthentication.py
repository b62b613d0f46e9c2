"""Before anything that shows or changes a secret: a sign-in, or a repeated proof, at most 15 minutes old."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpResponseBase
from django.shortcuts import render

from accounts.access import SignedInRequest

P = ParamSpec("P")
View = Callable[Concatenate[SignedInRequest, P], HttpResponseBase]


def reauthenticated(view: View[P]) -> View[P]:
    """Decorate a view, inside `requires()`. The library asks for the password or the second factor, and then
    repeats the request, a POST included. Who has neither (signs in by code, or by another site) signs in again:
    there the library's own decorator lets everybody through."""

    @wraps(view)
    def checked(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not get_adapter().is_reauthentication_required(app="accounts"):
            return view(request, *args, **kwargs)
        if get_reauthentication_flows(request.user):
            raise ReauthenticationRequired
        return render(request, "account/sign_in_again.html", {"back": request.get_full_path()}, status=403)

    return checked
