"""Every address of the site. What gateways ask is served before Django, in `wsgi.py`."""

from django.urls import URLPattern, URLResolver, include, path

from config import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("theme/", views.theme, name="theme"),
]

handler400 = "config.views.bad_request"
handler500 = "config.views.server_error"
