"""Pages that belong to no storey: the theme, the language, and what is shown when something went wrong."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from accounts.access import public
from accounts.actions.people import change_profile
from accounts.models import User
from config.theme import COOKIE, THEMES, YEAR_SECONDS, theme_of


@public
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme chosen by `theme`: light, dark, or anything else for the system's."""
    response = HttpResponseRedirect(_way_back(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(COOKIE, chosen, max_age=YEAR_SECONDS, samesite="Lax", secure=request.is_secure())
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language chosen: in a cookie, and with a person who is signed in."""
    chosen = request.POST.get("language", "")
    if isinstance(request.user, User) and chosen in dict(settings.LANGUAGES):
        change_profile(person=request.user, values={"locale": chosen}, by=request.user)
    return set_language(request)


def _way_back(request: HttpRequest) -> str:
    """`next`, only if it leads to this site."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or came from elsewhere. `reason` is for the log, not for a person."""
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _bare(request, "400.html", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    return _bare(request, "500.html", 500)


def _bare(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """Rendered with neither context processors, session nor database: one of them may be what failed."""
    return HttpResponse(render_to_string(template, {"theme": theme_of(request)}), status=status)
