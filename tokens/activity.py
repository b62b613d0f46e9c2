"""What this storey's actions are called in a workspace's activity, and what is not told there."""

from django.utils.translation import gettext_lazy as _

from accounts.activity import keep_from_workspaces, name_actions, name_fields
from tiers.limit_rules import NAMES

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
        "token.secret_ended": _("Old secret of a token ended"),
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
        "limits.set": _("Limits set by staff"),
        "limits.lifted": _("Limits of staff taken away"),
        "gateway.added": _("Gateway added"),
        "gateway.edited": _("Gateway edited"),
        "gateway.key_rotated": _("Key of a gateway rotated"),
        "gateway.revoked": _("Gateway revoked"),
    }
)
# Reviewers among themselves.
keep_from_workspaces({"request.remarked"})
name_fields(
    {
        "application": _("application"),
        "slug": _("short name"),
        "url": _("website"),
        "description": _("description"),
        "contact": _("contact"),
        "category": _("category"),
        "secret_in_query": _("secret tokens in the query string"),
        "host": _("domain"),
        "method": _("proved by"),
        "kind": _("kind"),
        "last4": _("last four"),
        "expires_at": _("ends"),
        "old_ends_at": _("old secret ends"),
        "allowed_models": _("models"),
        "allowed_operations": _("operations"),
        "allowed_permissions": _("permissions"),
        "allowed_addresses": _("networks"),
        "allowed_origins": _("origins"),
        "revoked": _("revoked"),
        "revoked_at": _("revoked"),
        "leaked": _("leaked"),
        "suspended": _("suspended"),
        "suspended_at": _("suspended"),
        "suspended_reason": _("reason"),
        "state": _("state"),
        "claimed_by": _("claimed by"),
        "granted_tier": _("tier granted"),
        "purpose": _("purpose"),
        "expected_volume": _("calls per day, expected"),
        "users": _("who uses it"),
        "links": _("links"),
        **NAMES,
    }
)
