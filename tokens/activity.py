"""What this storey's actions are called in a workspace's activity, and what is not told there."""

from django.utils.translation import gettext_lazy as _

from accounts.activity import keep_from_workspaces, name_actions

name_actions(
    {
        "application.created": _("Application made"),
        "application.edited": _("Application edited"),
        "application.suspended": _("Application suspended"),
        "application.resumed": _("Application resumed"),
        "domain.added": _("Domain added"),
        "domain.proved": _("Domain proved"),
        "domain.removed": _("Domain removed"),
        "token.minted": _("Token made"),
        "token.edited": _("Token edited"),
        "token.rotated": _("Token rotated"),
        "token.revoked": _("Token revoked"),
        "request.drafted": _("Access request drafted"),
        "request.edited": _("Access request edited"),
        "request.submitted": _("Access request sent"),
        "request.resubmitted": _("Access request sent again"),
        "request.withdrawn": _("Access request withdrawn"),
        "request.messaged": _("Message about an access request"),
        "request.answered": _("Access request answered"),
        "request.claimed": _("Access request taken up for review"),
        "request.released": _("Access request given back to the queue"),
        "request.changes_requested": _("Changes to an access request asked for"),
        "request.approved": _("Access request approved"),
        "request.rejected": _("Access request rejected"),
        "gateway.added": _("Gateway added"),
        "gateway.edited": _("Gateway edited"),
        "gateway.key_rotated": _("Key of a gateway rotated"),
        "gateway.revoked": _("Gateway revoked"),
    }
)
# Reviewers among themselves.
keep_from_workspaces({"request.remarked"})
