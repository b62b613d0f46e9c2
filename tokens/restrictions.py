"""What the holder of a token narrows it to. An empty field restricts nothing."""

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Invalid, Text
from tiers.facts import NO_LIMITS, LimitFacts
from tiers.limit_rules import as_columns, check_limits
from tiers.models import AIModel, GrantPermission, Operation
from tokens.domains import HostError, normalise_pattern
from tokens.models import Token

MOST_ENTRIES: Final = 100


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Public model names, operation slugs, generate/download, networks in CIDR form, host patterns, and limits of
    its own."""

    models: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    caps: LimitFacts = NO_LIMITS

    @classmethod
    def of(cls, token: Token) -> "Restrictions":
        return cls(
            models=tuple(token.allowed_models),
            operations=tuple(token.allowed_operations),
            permissions=tuple(token.allowed_permissions),
            addresses=tuple(token.allowed_addresses),
            origins=tuple(token.allowed_origins),
            caps=token.limit_facts,
        )

    def cleaned(self) -> "Restrictions":
        """Everything known, in its one written form, sorted and without repeats. Raises Invalid naming the field."""
        check_limits(self.caps)
        return Restrictions(
            models=_each("models", self.models, _known_models(self.models), UNKNOWN_MODEL),
            operations=_each("operations", self.operations, _known_operations(), UNKNOWN_OPERATION),
            permissions=_each("permissions", self.permissions, _known_permissions(), UNKNOWN_PERMISSION),
            addresses=_each("addresses", self.addresses, network, NO_NETWORK),
            origins=_each("origins", self.origins, _pattern, NO_HOST),
            caps=self.caps,
        )

    def as_columns(self) -> dict[str, Any]:
        """The columns of `Token`, for writing and for the audit."""
        return {
            "allowed_models": list(self.models),
            "allowed_operations": list(self.operations),
            "allowed_permissions": list(self.permissions),
            "allowed_addresses": list(self.addresses),
            "allowed_origins": list(self.origins),
            **as_columns(self.caps),
        }


UNKNOWN_MODEL: Final = gettext_lazy("There is no model “%(value)s” in the catalogue.")
UNKNOWN_OPERATION: Final = gettext_lazy("There is no operation “%(value)s”.")
UNKNOWN_PERMISSION: Final = gettext_lazy("A token may generate or download; “%(value)s” is neither.")
NO_NETWORK: Final = gettext_lazy("“%(value)s” is no address or network. Give one such as 203.0.113.7 or 2001:db8::/48.")
NO_HOST: Final = gettext_lazy(
    "“%(value)s” is no host name. Give one such as app.example.com or *.example.com, without port or path."
)


def network(text: str) -> str:
    """An address or network in its one written form. An IPv4-mapped address is the IPv4 one. Raises ValueError."""
    parsed = ipaddress.ip_network(text.strip(), strict=False)
    if isinstance(parsed, ipaddress.IPv6Network):
        mapped = parsed.network_address.ipv4_mapped
        if mapped is not None and parsed.prefixlen >= 96:
            return str(ipaddress.ip_network((mapped, parsed.prefixlen - 96)))
        if parsed.network_address.scope_id is not None:
            raise ValueError(text)
    return str(parsed)


def clean_networks(field: str, texts: Iterable[str]) -> tuple[str, ...]:
    return _each(field, texts, network, NO_NETWORK)


def _each(field: str, texts: Iterable[str], clean: Callable[[str], str], message: Text) -> tuple[str, ...]:
    given = [text.strip() for text in texts if text.strip()]
    if len(given) > MOST_ENTRIES:
        raise Invalid(_("At most %(number)d entries fit here.") % {"number": MOST_ENTRIES}, field=field)
    cleaned = set()
    for text in given:
        try:
            cleaned.add(clean(text))
        except (ValueError, KeyError):
            raise Invalid(str(message) % {"value": text[:80]}, field=field) from None
    return tuple(sorted(cleaned))


def _pattern(text: str) -> str:
    try:
        return normalise_pattern(text)
    except HostError as error:
        raise ValueError(text) from error


def _known_models(names: Iterable[str]) -> Callable[[str], str]:
    if not any(names):
        return str
    rows = AIModel.objects.values_list("name", "aliases")
    canonical = {alias: name for name, aliases in rows for alias in aliases}
    canonical.update({name: name for name, aliases in rows})
    return canonical.__getitem__


def _known_operations() -> Callable[[str], str]:
    return {slug: slug for slug in Operation.objects.values_list("slug", flat=True)}.__getitem__


def _known_permissions() -> Callable[[str], str]:
    return {value: value for value in GrantPermission.values}.__getitem__
