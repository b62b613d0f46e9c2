from django.urls import path

from tokens.views import rules

urlpatterns = [
    path("", rules.index, name="rules"),
    path("new/", rules.new, name="rule_new"),
    path("<slug:public_id>/", rules.detail, name="rule"),
    path("<slug:public_id>/edit/", rules.edit, name="rule_edit"),
    path("<slug:public_id>/versions/<int:number>/", rules.version, name="rule_version"),
    path("<slug:public_id>/on/", rules.on, name="rule_on"),
    path("<slug:public_id>/off/", rules.off, name="rule_off"),
    path("<slug:public_id>/retire/", rules.retire, name="rule_retire"),
]
