from django.urls import path

from tokens.views import gateways

app_name = "gateways"
urlpatterns = [
    path("new/", gateways.new, name="new"),
    path("<slug:public_id>/", gateways.detail, name="detail"),
    path("<slug:public_id>/edit/", gateways.edit, name="edit"),
    path("<slug:public_id>/rotate/", gateways.rotate, name="rotate"),
    path("<slug:public_id>/revoke/", gateways.revoke, name="revoke"),
]
