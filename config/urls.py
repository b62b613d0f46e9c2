"""Every address of the site. What gateways ask is served before Django, in `wsgi.py`."""

from django.urls import URLPattern, URLResolver, include, path

from config import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("tokens.urls.portal")),
    path("accounts/", include("allauth.urls")),
    path("language/", views.language, name="set_language"),
    path("applications/", include("tokens.urls.applications")),
    path("requests/", include("tokens.urls.requests")),
    path("tokens/", include("tokens.urls.tokens")),
    path("review/", include("tokens.urls.review")),
    path("theme/", views.theme, name="theme"),
    path("", include("tiers.urls")),
]

handler400 = "config.views.bad_request"
handler500 = "config.views.server_error"
