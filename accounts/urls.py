"""Pages about people and workspaces."""

from django.urls import include, path

from accounts.views import invitations, membership, profile, workspace

_profile = [
    path("security/", profile.security, name="security"),
]
_workspace = [
    path("", workspace.members, name="members"),
    path("activity/", workspace.activity, name="activity"),
    path("rename/", workspace.rename, name="rename"),
    path("new/", workspace.new, name="new"),
    path("switch/", workspace.switch, name="switch"),
    path("leave/", workspace.leave, name="leave"),
    path("invite/", membership.invite, name="invite"),
    path("invitations/<str:public_id>/revoke/", membership.revoke, name="revoke"),
    path("members/<str:public_id>/", membership.member, name="member"),
    path("members/<str:public_id>/remove/", membership.remove, name="remove"),
]

urlpatterns = [
    # The library's own overview, in place of which stands ours.
    path("accounts/2fa/", profile.second_factor, name="mfa_index"),
    # The library's own, behind our stricter proof of who is there.
    path("accounts/2fa/totp/activate/", profile.activate_totp, name="mfa_activate_totp"),
    path("accounts/2fa/webauthn/add/", profile.add_passkey, name="mfa_add_webauthn"),
    path("accounts/password/set/", profile.set_password, name="account_set_password"),
    path("profile/", profile.profile, name="profile"),
    path("profile/", include((_profile, "profile"))),
    path("workspace/", include((_workspace, "workspace"))),
    path("invitations/<str:public_id>/<str:secret>/", invitations.invitation, name="invitation"),
]
