from django.urls import path

from tokens.views import tokens

app_name = "tokens"
urlpatterns = [
    path("", tokens.index, name="list"),
    path("new/", tokens.new, name="new"),
    path("<slug:public_id>/", tokens.detail, name="detail"),
    path("<slug:public_id>/rotate/", tokens.rotate, name="rotate"),
    path("<slug:public_id>/revoke/", tokens.revoke, name="revoke"),
    path("<slug:public_id>/edit/", tokens.edit, name="edit"),
]
