"""What can be bought that opens a model, as remedies. Pure but for gettext."""

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tiers.entitlements import opens
from tiers.facts import Catalogue, ModelFacts, ProductFacts
from tiers.money import cost
from tokens.gateway.ask import Remedy

MOST_OFFERED: Final = 3
_KINDS: Final = ("early_access", "model", "tier")


def offers(catalogue: Catalogue, model: ModelFacts, permission: str, now: datetime) -> tuple[ProductFacts, ...]:
    """What is on sale and would open the model: what is sold for it alone before a tier, the lower tier before the
    higher, the cheaper before the dearer."""
    found = [product for product in catalogue.on_sale(now) if opens(catalogue, product, model, permission, now)]
    return tuple(sorted(found, key=lambda product: _place(catalogue, product))[:MOST_OFFERED])


def _place(catalogue: Catalogue, product: ProductFacts) -> tuple[int, int, int, str]:
    tier = catalogue.tiers.get(product.tier or "")
    return _KINDS.index(product.kind), tier.rank if tier else 0, product.amount, product.slug


def buy(product: ProductFacts) -> Remedy:
    calls = product.calls or 0
    facts = {"subject": product.model or product.tier, "price": cost(product), "number": calls}
    labels = {
        "early_access": _("Buy early access for %(price)s"),
        "model": _("Buy %(subject)s for %(price)s"),
        "tier": _("Buy the %(subject)s tier for %(price)s"),
        "pack": ngettext("Buy %(number)d call for %(price)s", "Buy %(number)d calls for %(price)s", calls),
    }
    return Remedy("buy", labels[product.kind] % facts, f"/orders/new/?{urlencode({'product': product.slug})}")
