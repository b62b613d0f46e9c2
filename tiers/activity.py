"""What this storey's actions are called in a workspace's activity."""

from django.utils.translation import gettext_lazy as _

from accounts.activity import name_actions, name_fields

name_actions(
    {
        "grant.given": _("Grant given"),
        "grant.suspended": _("Grant suspended"),
        "grant.resumed": _("Grant resumed"),
        "grant.revoked": _("Grant revoked"),
        "grant.moved": _("Grant changed"),
        "order.placed": _("Order placed"),
        "order.changed": _("Order changed"),
        "alarm.resolved": _("Alarm resolved"),
        "model.goal_reached": _("Goal of early access reached"),
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
        "calls": _("calls"),
        "workspace": _("workspace"),
        "product": _("product"),
        "amount": _("amount"),
        "currency": _("currency"),
        "problem": _("problem"),
        "holds": _("what it holds"),
        "refunded": _("refunded"),
        "disputed_at": _("disputed"),
        "goal_reached_at": _("goal reached"),
        "starts_at": _("from"),
        "ends_at": _("until"),
    }
)
