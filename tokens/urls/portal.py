from django.urls import path

from tokens.views import explain, ladder, portal

urlpatterns = [
    path("", portal.home, name="home"),
    path("tiers/", ladder.ladder, name="ladder"),
    path("models/", ladder.models, name="models"),
    path("explain/", explain.explain, name="explain"),
]
