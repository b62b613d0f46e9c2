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
        "order.recorded": _("Offline order recorded"),
        "order.refund_recorded": _("Offline refund recorded"),
        "order.credited": _("Order credited"),
        "order.changed": _("Order changed"),
        "subscription.cancelled": _("Subscription cancelled"),
        "subscription.resumed": _("Subscription resumed"),
        "order.refund_asked": _("Refund asked for"),
        "provider_event.replayed": _("Provider message replayed"),
        "alarm.resolved": _("Alarm resolved"),
        "model.goal_reached": _("Goal of early access reached"),
        "product.added": _("Product added"),
        "product.changed": _("Product changed"),
        "product.withdrawn": _("Product withdrawn"),
        "product.price_id_set": _("Provider's price id set"),
        "webhook_source.added": _("Webhook source added"),
        "webhook_source.rotated": _("Webhook secret rotated"),
        "webhook_source.retired": _("Webhook source retired"),
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
        "reference": _("reference"),
        "problem": _("problem"),
        "holds": _("what it holds"),
        "refunded": _("refunded"),
        "number": _("version"),
        "window_until": _("early access until"),
        "interval": _("charged every"),
        "lasts_days": _("open for (days)"),
        "grace_days": _("grace (days)"),
        "partial_refund": _("after a refund of a part"),
        "sale_until": _("on sale until"),
        "provider": _("provider"),
        "price_id": _("price id"),
        "checkout_url": _("checkout page"),
        "free_tries": _("free tries"),
        "goal_amount": _("goal"),
        "goal_currency": _("currency of the goal"),
        "disputed_at": _("disputed"),
        "goal_reached_at": _("goal reached"),
        "starts_at": _("from"),
        "ends_at": _("until"),
    }
)
