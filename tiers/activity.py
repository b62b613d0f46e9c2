"""What this storey's actions are called in a workspace's activity."""

from django.utils.translation import gettext_lazy as _

from accounts.activity import name_actions, name_fields

name_actions(
    {
        "grant.given": _("Grant given"),
        "grant.suspended": _("Grant suspended"),
        "grant.resumed": _("Grant resumed"),
        "grant.revoked": _("Grant revoked"),
        "tier.added": _("Tier added"),
        "tier.edited": _("Tier edited"),
        "model.added": _("Model added"),
        "model.edited": _("Model edited"),
        "catalogue.loaded": _("Catalogue loaded"),
    }
)
name_fields(
    {
        "tier": _("tier"),
        "model": _("model"),
        "source": _("source"),
        "source_id": _("because of"),
        "permissions": _("permissions"),
        "application_id": _("application"),
        "starts_at": _("from"),
        "ends_at": _("until"),
    }
)
