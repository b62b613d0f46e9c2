from django.urls import path

from tokens.views import requests

app_name = "requests"
urlpatterns = [
    path("", requests.index, name="list"),
    path("new/", requests.new, name="new"),
    path("<slug:public_id>/", requests.detail, name="detail"),
    path("<slug:public_id>/edit/", requests.edit, name="edit"),
    path("<slug:public_id>/message/", requests.message, name="message"),
    path("<slug:public_id>/withdraw/", requests.withdraw, name="withdraw"),
]
