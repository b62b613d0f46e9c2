from django.urls import path

from tokens.views import applications

app_name = "applications"
urlpatterns = [
    path("", applications.index, name="list"),
    path("new/", applications.new, name="new"),
    path("<slug:public_id>/", applications.detail, name="detail"),
    path("<slug:public_id>/edit/", applications.edit, name="edit"),
    path("<slug:public_id>/domains/", applications.add_domain, name="add_domain"),
    path("<slug:public_id>/domains/<slug:domain_id>/prove/", applications.prove_domain, name="prove_domain"),
    path("<slug:public_id>/domains/<slug:domain_id>/remove/", applications.remove_domain, name="remove_domain"),
]
