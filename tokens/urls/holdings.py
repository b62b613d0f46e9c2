from django.urls import path

from tokens.views import holdings, limits

app_name = "holdings"
urlpatterns = [
    path("new/", holdings.new, name="new"),
    path("applications/<slug:public_id>/limits/", limits.of_application, name="application_limits"),
    path("workspaces/<slug:public_id>/limits/", limits.of_workspace, name="workspace_limits"),
    path("<slug:public_id>/", holdings.detail, name="detail"),
]
