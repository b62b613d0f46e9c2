from django.urls import path

from tokens.views import ladder, portal

urlpatterns = [
    path("", portal.home, name="home"),
    path("tiers/", ladder.ladder, name="ladder"),
    path("models/", ladder.models, name="models"),
]
