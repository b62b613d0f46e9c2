"""What may be sold, and who may say so. `check_x` raises with the reason and the field."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from babel.numbers import list_currencies
from django.utils.translation import gettext as _

from accounts.audit import Actor
from accounts.clock import now
from accounts.errors import Invalid
from accounts.models import User
from accounts.roles import Permission, require
from tiers.models import GrantPermission, Interval, PartialRefund, Product, ProductKind, ProductVersion, Provider

LARGEST_AMOUNT: Final = 10**9
LARGEST_PACK: Final = 10**12
LONGEST_DAYS: Final = 3660
LONGEST_GRACE: Final = 90
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,58}[a-z0-9]")


def check_manage(by: Actor) -> None:
    """A person needs the permission; the platform itself has it."""
    if isinstance(by, User):
        require(by, Permission.PAYMENTS_MANAGE)


def check_slug(slug: str) -> str:
    if not _SLUG.fullmatch(slug):
        raise Invalid(_("Give a short name of lower-case letters, digits and hyphens."), field="slug")
    if Product.objects.filter(slug=slug).exists():
        raise Invalid(_("There is a product of this name already."), field="slug")
    return slug


def check_kind(kind: str) -> str:
    if kind not in ProductKind.values:
        raise Invalid(_("Choose what kind of thing it opens."), field="kind")
    return kind


def check_version(version: ProductVersion) -> None:
    """Everything about one offer that can be known before it is stored; its texts and permissions are brought into
    form on the way."""
    _check_texts(version)
    _check_price(version)
    _check_length(version)
    _SUBJECTS[version.product.kind](version)
    if version.interval and version.product.kind not in {ProductKind.TIER, ProductKind.MODEL}:
        raise Invalid(_("Only a tier or a model can be charged again and again."), field="interval")
    _check_partial_refund(version)


def _check_texts(version: ProductVersion) -> None:
    version.name, version.description = version.name.strip(), version.description.strip()
    if not 0 < len(version.name) <= 80 or not version.name.isprintable():
        raise Invalid(_("Give a name of at most 80 characters."), field="name")
    if len(version.description) > 500:
        raise Invalid(_("The description has at most 500 characters."), field="description")


def _check_price(version: ProductVersion) -> None:
    version.amount = check_amount(version.amount)
    version.currency = check_currency(version.currency)


def check_amount(amount: object, field: str = "amount") -> int:
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= LARGEST_AMOUNT:
        raise Invalid(_("The amount is a whole number of minor units, from 1 to 1,000,000,000."), field=field)
    return amount


def check_currency(currency: object) -> str:
    code = str(currency).strip().upper()
    if code not in list_currencies():
        raise Invalid(_("“%(code)s” is not a currency: give a code such as USD.") % {"code": code[:10]}, "currency")
    return code


def _check_length(version: ProductVersion) -> None:
    if version.interval not in {"", *Interval.values}:
        raise Invalid(_("It is charged once, every month or every year."), field="interval")
    if version.lasts_days is not None and not 1 <= version.lasts_days <= LONGEST_DAYS:
        raise Invalid(_("It is open for 1 to 3,660 days. Leave it empty for good."), field="lasts_days")
    if version.interval and version.lasts_days is not None:
        raise Invalid(_("What is charged again and again has no number of days."), field="lasts_days")
    if not 0 <= version.grace_days <= LONGEST_GRACE:
        raise Invalid(_("The grace is 0 to 90 days."), field="grace_days")


def _check_partial_refund(version: ProductVersion) -> None:
    if version.partial_refund not in PartialRefund.values:
        raise Invalid(_("Choose what a refund of a part does."), field="partial_refund")
    ends = version.interval or version.lasts_days is not None or version.calls is not None
    if version.partial_refund == PartialRefund.PRORATE and not ends:
        raise Invalid(_("What is open for good cannot be shortened."), field="partial_refund")


# --- What it opens, by kind ------------------------------------------------------------------------------------


def _check_of_tier(version: ProductVersion) -> None:
    if version.tier is None:
        raise Invalid(_("Choose the tier that it opens."), field="tier")
    _check_nothing_else(version, "tier")


def _check_of_model(version: ProductVersion) -> None:
    if version.model is None:
        raise Invalid(_("Choose the model that it opens."), field="model")
    _check_nothing_else(version, "model")
    wanted = set(version.permissions)
    if not wanted or not wanted <= set(GrantPermission.values):
        raise Invalid(_("Choose what may be done with the model."), field="permissions")
    if GrantPermission.DOWNLOAD in wanted:
        wanted.add(GrantPermission.GENERATE)
    version.permissions = [permission for permission in GrantPermission.values if permission in wanted]


def _check_of_early_access(version: ProductVersion) -> None:
    _check_of_model(version)
    model = version.model
    if model is None or model.early_access_until is None:
        raise Invalid(_("This model has no early-access window. Give it one in the catalogue first."), field="model")
    if model.goal_reached_at is not None or model.early_access_until <= now():
        raise Invalid(_("Early access to this model is over."), field="model")
    version.window_until = model.early_access_until


def _check_of_pack(version: ProductVersion) -> None:
    if version.calls is None or not 1 <= version.calls <= LARGEST_PACK:
        raise Invalid(_("Say how many calls the pack has."), field="calls")
    _check_nothing_else(version, "calls")


def _check_nothing_else(version: ProductVersion, subject: str) -> None:
    for other in {"tier", "model", "calls"} - {subject}:
        if getattr(version, other) is not None:
            raise Invalid(_("A product opens one thing. Leave this empty."), field=other)
    if version.permissions and subject != "model":
        raise Invalid(_("Only a model has permissions. Leave this empty."), field="permissions")


_SUBJECTS: Final[dict[str, Callable[[ProductVersion], None]]] = {
    ProductKind.TIER: _check_of_tier,
    ProductKind.MODEL: _check_of_model,
    ProductKind.EARLY_ACCESS: _check_of_early_access,
    ProductKind.PACK: _check_of_pack,
}


# --- At providers ----------------------------------------------------------------------------------------------


def check_provider(name: str) -> str:
    if name not in Provider.values:
        raise Invalid(_("Choose a provider."), field="provider")
    return name


def check_price_id(price_id: str) -> str:
    price_id = price_id.strip()
    if not 0 < len(price_id) <= 255 or not price_id.isprintable():
        raise Invalid(_("Give the id that the provider has for it, at most 255 characters."), field="price_id")
    return price_id


def check_checkout_url(url: str) -> str:
    """Empty, or an address of the web: a buyer is sent there."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if url and (len(url) > 500 or parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable()):
        raise Invalid(_("Give an address that begins with https://."), field="checkout_url")
    return url
