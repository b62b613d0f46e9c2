"""Every address of the site. What gateways ask is served before Django, in `wsgi.py`."""

from django.urls import URLPattern, URLResolver, include, path

from config import views
from tokens.views import gateways, holdings, issue_webhook, reference, review_figures, webhooks

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("tokens.urls.portal")),
    path("accounts/", include("allauth.urls")),
    path("language/", views.language, name="set_language"),
    path("applications/", include("tokens.urls.applications")),
    path("requests/", include("tokens.urls.requests")),
    path("tokens/", include("tokens.urls.tokens")),
    path("review/", include("tokens.urls.review")),
    path("figures/", review_figures.index, name="figures"),
    path("theme/", views.theme, name="theme"),
    path("docs/", reference.reference, name="reference"),
    path("webhooks/github/secret-scanning", webhooks.github, name="secret_scanning"),
    path("webhooks/github/issues/<slug:public_id>", issue_webhook.receive, name="issue_webhook"),
    path("", include("tiers.urls")),
    path("gateways/", gateways.index, name="gateways"),
    path("gateways/", include("tokens.urls.gateways")),
    path("holdings/", holdings.index, name="holdings"),
    path("holdings/", include("tokens.urls.holdings")),
]

handler400 = "config.views.bad_request"
handler500 = "config.views.server_error"
