"""A person's own pages."""

from allauth.account import views as library_account
from allauth.mfa.totp import views as library_totp
from allauth.mfa.webauthn import views as library_webauthn
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.access import SignedInRequest, requires
from accounts.actions.people import change_profile
from accounts.forms import ProfileForm
from accounts.reauthentication import reauthenticated
from accounts.roles import Permission, lacks_second_factor
from accounts.selectors import security_of


@requires(Permission.SIGNED_IN)
def profile(request: SignedInRequest) -> HttpResponse:
    form = ProfileForm.of(request.user, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "accounts/profile.html", {"form": form}, status=status)
    person = change_profile(person=request.user, values=form.cleaned_data, by=request.user)
    with override(person.locale):
        messages.success(request, _("Your profile is saved."))
    return redirect("profile")


@requires(Permission.SIGNED_IN)
def security(request: SignedInRequest) -> HttpResponse:
    context = {
        "security": security_of(request.user),
        "needs_second_factor": lacks_second_factor(request.user),
        "session_key": request.session.session_key,
    }
    return render(request, "accounts/security.html", context)


@requires(Permission.SIGNED_IN)
def second_factor(request: SignedInRequest) -> HttpResponse:
    """Where the library leads after a second factor was set up or removed."""
    return redirect("profile:security")


activate_totp = requires(Permission.SIGNED_IN)(reauthenticated(library_totp.activate_totp))
add_passkey = requires(Permission.SIGNED_IN)(reauthenticated(library_webauthn.add_webauthn))
set_password = requires(Permission.SIGNED_IN)(reauthenticated(library_account.password_set))
