"""The addresses of this storey: what is bought, what providers call, and staff pages."""

from django.conf import settings
from django.urls import include, path

from tiers.views import audit, catalogue, checkout, events, orders, products, sandbox, webhooks

catalogue_pages = [
    path("tiers/new/", catalogue.new_tier, name="new_tier"),
    path("tiers/<slug:slug>/", catalogue.tier, name="tier"),
    path("products/", products.index, name="products"),
    path("products/new/", products.new, name="new_product"),
    path("products/<slug:slug>/", products.detail, name="product"),
    path("products/<slug:slug>/edit/", products.edit, name="edit_product"),
    path("products/<slug:slug>/withdraw/", products.withdraw, name="withdraw_product"),
    path("products/<slug:slug>/price/", products.price, name="price"),
    path("models/new/", catalogue.new_model, name="new_model"),
    path("models/<slug:public_id>/", catalogue.model, name="model"),
]
order_pages = [
    path("", orders.index, name="list"),
    path("new/", checkout.new, name="new"),
    path("<slug:public_id>/", orders.detail, name="detail"),
    path("<slug:public_id>/pay/", checkout.pay, name="pay"),
    path("<slug:public_id>/returned/", orders.returned, name="returned"),
    path("<slug:public_id>/check/", orders.check, name="check"),
    path("<slug:public_id>/receipt/", orders.receipt, name="receipt"),
    path("<slug:public_id>/cancel/", orders.cancel, name="cancel"),
    path("<slug:public_id>/resume/", orders.resume, name="resume"),
]
webhook_pages = [
    path("stripe", webhooks.stripe, name="stripe"),
    path("standard/<slug:source>", webhooks.standard, name="standard"),
]
if settings.DEMO:
    webhook_pages.append(path("sandbox", webhooks.sandbox, name="sandbox"))
urlpatterns = [
    path("orders/", include((order_pages, "orders"))),
    path("webhooks/", include((webhook_pages, "webhooks"))),
    path("events/", events.index, name="events"),
    path("events/", include("tiers.event_urls")),
    path("audit/", audit.log, name="audit"),
    path("audit/verify/", audit.verify, name="audit_verify"),
    path("catalogue/", catalogue.index, name="catalogue"),
    path("catalogue/", include((catalogue_pages, "catalogue"))),
]
if settings.DEMO:
    urlpatterns.append(path("sandbox/<slug:public_id>/", sandbox.checkout, name="sandbox"))
