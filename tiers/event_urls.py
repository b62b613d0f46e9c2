"""The addresses of payments as staff see them, below /events/."""

from django.urls import URLPattern, path

from tiers.views import events

app_name = "events"
urlpatterns: list[URLPattern] = [
    path("<slug:public_id>/", events.detail, name="detail"),
    path("<slug:public_id>/replay/", events.replay, name="replay"),
]
