"""Pages about people and workspaces."""

from django.urls import path

from accounts.views import invitations

urlpatterns = [
    path("invitations/<slug:public_id>/<str:secret>/", invitations.invitation, name="invitation"),
]
