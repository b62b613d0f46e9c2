"""What an offer costs and promises, in words: one sentence each, the same on every page."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tiers.models import PartialRefund, ProductKind, ProductVersion

_AFTER_PARTIAL_REFUND: Final[dict[str, Promise]] = {
    PartialRefund.KEEP: gettext_lazy("A full refund closes it. After a refund of a part it stays open."),
    PartialRefund.REVOKE: gettext_lazy("Any refund closes it, one of a part too."),
    PartialRefund.PRORATE: gettext_lazy(
        "A full refund closes it. After a refund of a part it ends sooner, in proportion."
    ),
}
_PACK_AFTER_PARTIAL_REFUND: Final = gettext_lazy(
    "A full refund closes it. After a refund of a part it holds fewer calls, in proportion."
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What somebody should have read before they pay."""

    lasts: str
    renewal: str
    refund_rule: str


def terms(version: ProductVersion) -> Terms:
    return Terms(lasts(version), renewal(version), refund_rule(version))


def lasts(version: ProductVersion) -> str:
    if version.interval == "month":
        return _("A month from the payment, and a month more with each renewal.")
    if version.interval == "year":
        return _("A year from the payment, and a year more with each renewal.")
    if version.lasts_days is not None:
        said = ngettext("%(days)d day from the payment.", "%(days)d days from the payment.", version.lasts_days)
        return said % {"days": version.lasts_days}
    if version.product.kind == ProductKind.EARLY_ACCESS:
        return _("For good, from the payment: it does not end with the early access.")
    if version.product.kind == ProductKind.PACK:
        return _("Until its calls are used.")
    return _("For good, from the payment.")


def renewal(version: ProductVersion) -> str:
    """How it goes on, or that it does not."""
    if not version.interval:
        return _("Charged once. It never renews.")
    said = ngettext(
        "Renews by itself until you cancel. When a renewal fails it stays open for %(days)d day more.",
        "Renews by itself until you cancel. When a renewal fails it stays open for %(days)d days more.",
        version.grace_days,
    )
    return said % {"days": version.grace_days}


def refund_rule(version: ProductVersion) -> str:
    if version.calls is not None and version.partial_refund == PartialRefund.PRORATE:
        return str(_PACK_AFTER_PARTIAL_REFUND)
    return str(_AFTER_PARTIAL_REFUND[version.partial_refund])
