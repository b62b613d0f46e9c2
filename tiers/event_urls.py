"""The addresses of payments as staff see them, below /events/."""

from django.urls import URLPattern, path

from tiers.views import alarms, events, health, offline_orders, sources, staff_orders

app_name = "events"
urlpatterns: list[URLPattern] = [
    path("alarms/", alarms.index, name="alarms"),
    path("alarms/<slug:public_id>/", alarms.resolve, name="resolve"),
    path("orders/", staff_orders.index, name="orders"),
    path("orders/<slug:public_id>/", staff_orders.detail, name="order"),
    path("orders/<slug:public_id>/sync/", staff_orders.sync, name="sync"),
    path("orders/<slug:public_id>/refund/", staff_orders.refund, name="refund"),
    path("orders/<slug:public_id>/credit/", staff_orders.credit, name="credit"),
    path("health/", health.index, name="health"),
    path("record/", offline_orders.record, name="record"),
    path("import/", offline_orders.upload, name="import"),
    path("import/confirm/", offline_orders.confirm, name="confirm"),
    path("sources/", sources.index, name="sources"),
    path("sources/new/", sources.new, name="source_new"),
    path("sources/<slug:public_id>/rotate/", sources.rotate, name="source_rotate"),
    path("sources/<slug:public_id>/retire/", sources.retire, name="source_retire"),
    path("<slug:public_id>/", events.detail, name="detail"),
    path("<slug:public_id>/replay/", events.replay, name="replay"),
]
