"""The addresses of this storey's staff pages."""

from django.urls import include, path

from tiers.views import audit, catalogue, webhooks

catalogue_pages = [
    path("tiers/new/", catalogue.new_tier, name="new_tier"),
    path("tiers/<slug:slug>/", catalogue.tier, name="tier"),
    path("models/new/", catalogue.new_model, name="new_model"),
    path("models/<slug:public_id>/", catalogue.model, name="model"),
]
webhook_pages = [
    path("stripe", webhooks.stripe, name="stripe"),
    path("standard/<slug:source>", webhooks.standard, name="standard"),
]
urlpatterns = [
    path("webhooks/", include((webhook_pages, "webhooks"))),
    path("audit/", audit.log, name="audit"),
    path("audit/verify/", audit.verify, name="audit_verify"),
    path("catalogue/", catalogue.index, name="catalogue"),
    path("catalogue/", include((catalogue_pages, "catalogue"))),
]
