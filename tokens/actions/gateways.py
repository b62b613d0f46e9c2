"""Everything that changes a gateway and its keys. On the platform's audit chain: a gateway belongs to no workspace."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.clock import now
from accounts.errors import Invalid
from accounts.models import User
from tokens import keys
from tokens.models import Gateway, GatewayScope, GatewaySecret
from tokens.policies import gateways as policies
from tokens.policies.tokens import check_overlap
from tokens.restrictions import clean_networks
from tokens.stored_keys import stored
from tokens.wording import clean_name, clean_reason

EDITABLE: Final = ("name", "kind", *policies.HEADER_FIELDS, "scopes", "networks")


@dataclass(frozen=True, slots=True)
class MintedGateway:
    """A gateway and its key in clear, to be shown once."""

    gateway: Gateway
    text: str = field(repr=False)


@transaction.atomic
def add_gateway(
    *,
    name: str,
    kind: str,
    uri_header: str = "X-Forwarded-Uri",
    method_header: str = "X-Forwarded-Method",
    address_header: str = "X-Forwarded-For",
    model_header: str = "X-Model",
    scopes: Iterable[str] = (GatewayScope.DECIDE,),
    networks: Iterable[str] = (),
    demo: bool = False,
    by: User,
) -> MintedGateway:
    policies.check_manage(by)
    values = {
        "name": name,
        "kind": kind,
        "uri_header": uri_header,
        "method_header": method_header,
        "address_header": address_header,
        "model_header": model_header,
        "scopes": scopes,
        "networks": networks,
    }
    gateway = Gateway(created_by=by, demo=demo, **_cleaned(values))
    policies.check_headers_differ(gateway)
    _saved(gateway)
    minted = _add_secret(gateway)
    after = {field: getattr(gateway, field) for field in EDITABLE}
    audit.record("gateway.added", gateway, by=by, workspace=None, after={**after, "last4": minted.text[-4:]})
    return minted


@transaction.atomic
def edit_gateway(*, gateway: Gateway, values: Mapping[str, Any], by: User) -> Gateway:
    """Change some of `EDITABLE`. What is set here decides which headers are believed."""
    gateway = _locked(gateway)
    policies.check_manage(by)
    policies.check_not_revoked(gateway)
    wanted = _cleaned(values)
    changed = {name: value for name, value in wanted.items() if getattr(gateway, name) != value}
    if not changed:
        return gateway
    before = {name: getattr(gateway, name) for name in changed}
    for name, value in changed.items():
        setattr(gateway, name, value)
    policies.check_headers_differ(gateway)
    _saved(gateway, list(changed))
    audit.record("gateway.edited", gateway, by=by, workspace=None, before=before, after=changed)
    return gateway


@transaction.atomic
def rotate_gateway_key(*, gateway: Gateway, overlap: timedelta, by: User) -> MintedGateway:
    """A new key for the same gateway. The old one works for `overlap` more."""
    gateway = _locked(gateway)
    policies.check_manage(by)
    policies.check_not_revoked(gateway)
    check_overlap(overlap)
    moment = now()
    policies.check_no_open_rotation(gateway, moment)
    old = GatewaySecret.objects.get(gateway=gateway, ends_at=None)
    ends_at = moment + overlap
    GatewaySecret.objects.filter(pk=old.pk).update(ends_at=ends_at)
    minted = _add_secret(gateway)
    audit.record(
        "gateway.key_rotated",
        gateway,
        by=by,
        workspace=None,
        before={"last4": old.last4},
        after={"last4": minted.text[-4:], "old_ends_at": ends_at.isoformat()},
    )
    return minted


@transaction.atomic
def revoke_gateway(*, gateway: Gateway, reason: str, by: User) -> Gateway:
    """Refuse what it asks from now on, for good."""
    gateway = _locked(gateway)
    policies.check_manage(by)
    policies.check_not_revoked(gateway)
    reason = clean_reason(reason)
    Gateway.objects.filter(pk=gateway.pk).update(revoked_at=now(), revoked_by=by, revoked_reason=reason)
    before, after = {"revoked": False}, {"revoked": True}
    audit.record("gateway.revoked", gateway, by=by, workspace=None, reason=reason, before=before, after=after)
    return Gateway.objects.get(pk=gateway.pk)


def _locked(gateway: Gateway) -> Gateway:
    return Gateway.objects.select_for_update(no_key=True).get(pk=gateway.pk)


def _add_secret(gateway: Gateway) -> MintedGateway:
    key = keys.make(keys.KeyKind.GATEWAY, gateway.public_id)
    GatewaySecret.objects.create(gateway=gateway, **stored(key))
    return MintedGateway(gateway, key.text)


def _saved(gateway: Gateway, columns: list[str] | None = None) -> None:
    try:
        with transaction.atomic():
            gateway.save(update_fields=columns)
    except IntegrityError:
        raise Invalid(_("Another gateway has this name."), field="name") from None


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = values.keys() - set(EDITABLE)
    if unknown:
        raise ValueError(f"not editable: {sorted(unknown)}")
    cleaned = dict(values)
    if "name" in values:
        cleaned["name"] = clean_name(values["name"])
    if "kind" in values:
        cleaned["kind"] = policies.check_kind(values["kind"])
    if "scopes" in values:
        cleaned["scopes"] = policies.check_scopes(values["scopes"])
    if "networks" in values:
        cleaned["networks"] = list(clean_networks("networks", values["networks"]))
    for name in policies.HEADER_FIELDS:
        if name in values:
            cleaned[name] = policies.check_header(name, values[name])
    return cleaned
