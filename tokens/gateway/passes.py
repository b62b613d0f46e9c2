"""Compile one token's pass from PostgreSQL: one statement, so one snapshot, with the database's own clock."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any, Final

from accounts.patience import patience
from tiers.facts import NO_LIMITS, AskedAgain, GrantFacts, LimitFacts, OrderFacts, TriesFacts
from tokens.gateway import clock, connections, spent
from tokens.gateway.ask import ApplicationFacts, OpenRequest, Pass
from tokens.gateway.spent import Spent

# A reading takes milliseconds. PostgreSQL that takes longer is away.
PATIENCE_SECONDS: Final = 2.0

_QUERY = f"""
SELECT clock.now AS now,
       coalesce((SELECT version FROM tiers_catalogueversion WHERE id = 1), 1) AS catalogue_version,
       t.public_id AS token, t.kind, t.expires_at, t.revoked_at, t.revoked_reason, t.leaked,
       json_build_array(t.requests_per_minute, t.requests_per_day, t.requests_per_month, t.concurrent_calls) AS caps,
       t.allowed_models, t.allowed_operations, t.allowed_permissions, t.allowed_addresses, t.allowed_origins,
       s.ends_at AS secret_ends_at,
       a.id AS application_pk, a.public_id AS application, a.slug, a.name, a.secret_in_query,
       a.suspended_at AS application_suspended_at, a.suspended_reason AS application_suspended_reason,
       w.public_id AS workspace, w.rights_version, w.demo,
       w.suspended_at AS workspace_suspended_at, w.suspended_reason AS workspace_suspended_reason,
       ARRAY(SELECT host FROM tokens_domain d WHERE d.application_id = a.id ORDER BY host) AS hosts,
       (SELECT json_agg(json_build_array(g.public_id, g.source, g.source_id, tier.slug, model.name, g.application_id,
                                         g.permissions, g.starts_at, g.ends_at, g.suspended_at, g.disputed_at,
                                         g.calls, g.requests_per_minute, g.requests_per_day, g.requests_per_month,
                                         g.concurrent_calls)
                        ORDER BY g.id)
          FROM tiers_grant g
          LEFT JOIN tiers_tier tier ON tier.id = g.tier_id
          LEFT JOIN tiers_aimodel model ON model.id = g.model_id
         WHERE g.workspace_id = w.id AND g.revoked_at IS NULL
           AND (g.application_id IS NULL OR g.application_id = a.id)
           AND (g.ends_at IS NULL OR g.ends_at > clock.now - interval '90 days')) AS grants,
       (SELECT json_agg(json_build_array(r.public_id, r.state, tier.slug, model.name,
                                         coalesce(r.submitted_at, r.created_at)) ORDER BY r.id)
          FROM tokens_accessrequest r
          LEFT JOIN tiers_tier tier ON tier.id = r.tier_id
          LEFT JOIN tiers_aimodel model ON model.id = r.model_id
         WHERE r.application_id = a.id
           AND r.state IN ('draft', 'submitted', 'in_review', 'changes_requested')) AS open_requests,
       (SELECT json_agg(json_build_array(o.public_id, p.kind, o.unsettled_since, o.state = 'pending', tier.slug,
                                         model.name, v.permissions, v.window_until) ORDER BY o.id)
          FROM tiers_order o
          JOIN tiers_productversion v ON v.id = coalesce(o.quoted_id, o.version_id)
          JOIN tiers_product p ON p.id = v.product_id
          LEFT JOIN tiers_tier tier ON tier.id = v.tier_id
          LEFT JOIN tiers_aimodel model ON model.id = v.model_id
         WHERE o.workspace_id = w.id AND v.calls IS NULL
           AND o.unsettled_since > clock.now
               - CASE o.state WHEN 'pending' THEN interval '14 days' ELSE interval '24 hours' END) AS orders,
       (SELECT json_agg(json_build_array(model.name, f.taken, f.request_ids) ORDER BY f.id)
          FROM tiers_freetries f
          JOIN tiers_aimodel model ON model.id = f.model_id
         WHERE f.workspace_id = w.id AND model.early_access_until > clock.now) AS tries,
       (SELECT json_agg(json_build_array(l.application_id IS NOT NULL, l.requests_per_minute, l.requests_per_day,
                                         l.requests_per_month, l.concurrent_calls))
          FROM tokens_limitoverride l
         WHERE l.workspace_id = w.id AND (l.application_id IS NULL OR l.application_id = a.id)) AS overrides,
{spent.SPENT_SQL}
  FROM (SELECT statement_timestamp() AS now) clock
  LEFT JOIN tokens_tokensecret s ON s.hash = ANY(%s)
  LEFT JOIN tokens_token t ON t.id = s.token_id
  LEFT JOIN tokens_application a ON a.id = t.application_id
  LEFT JOIN accounts_workspace w ON w.id = a.workspace_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Reading:
    """What one statement saw. `rights` is None for a token that is not ours. `read_at`: when, by
    PostgreSQL's own clock, since this process may not have learnt that yet."""

    now: datetime
    read_at: float
    catalogue_version: int
    rights: Pass | None
    spent: Spent = field(default_factory=Spent)


def read(digests: Iterable[bytes]) -> Reading:
    """The pass of the token with one of these hashes (one a key version). Raises django.db.Error."""
    before = time.time()
    with patience(PATIENCE_SECONDS):
        row = connections.row(_QUERY, [list(digests)])
    clock.learn(row["now"].timestamp(), before)
    return Reading(
        now=row["now"],
        read_at=row["now"].timestamp(),
        catalogue_version=row["catalogue_version"],
        rights=_pass(row) if row["token"] else None,
        spent=spent.of(row),
    )


def _pass(row: Mapping[str, Any]) -> Pass:
    overrides = {of_application: LimitFacts(*limits) for of_application, *limits in row["overrides"] or ()}
    ends = [end for end in (row["expires_at"], row["secret_ends_at"]) if end is not None]
    return Pass(
        token=row["token"],
        publishable=row["kind"] == "publishable",
        workspace=row["workspace"],
        application=_application(row),
        rights_version=row["rights_version"],
        workspace_suspended_reason=_reason(row, "workspace"),
        demo=row["demo"],
        ends_at=min(ends, default=None),
        rotated=bool(ends) and min(ends) != row["expires_at"],
        revoked_at=row["revoked_at"],
        revoked_reason=row["revoked_reason"],
        leaked=row["leaked"],
        allowed_models=frozenset(row["allowed_models"]),
        allowed_operations=frozenset(row["allowed_operations"]),
        allowed_permissions=frozenset(row["allowed_permissions"]),
        allowed_networks=tuple(ip_network(network) for network in row["allowed_addresses"]),
        allowed_hosts=tuple(row["allowed_origins"]),
        grants=tuple(_grant(values) for values in row["grants"] or ()),
        open_requests=tuple(_open_request(values) for values in row["open_requests"] or ()),
        orders=tuple(_order(values) for values in row["orders"] or ()),
        tries=tuple(_tries(values) for values in row["tries"] or ()),
        caps=LimitFacts(*row["caps"]),
        application_limits=overrides.get(True, NO_LIMITS),
        workspace_limits=overrides.get(False, NO_LIMITS),
    )


def _application(row: Mapping[str, Any]) -> ApplicationFacts:
    return ApplicationFacts(
        pk=row["application_pk"],
        id=row["application"],
        slug=row["slug"],
        name=row["name"],
        secret_in_query=row["secret_in_query"],
        suspended_reason=_reason(row, "application"),
        hosts=tuple(row["hosts"]),
    )


def _reason(row: Mapping[str, Any], what: str) -> str | None:
    return row[f"{what}_suspended_reason"] if row[f"{what}_suspended_at"] else None


def _grant(values: list[Any]) -> GrantFacts:
    public_id, source, source_id, tier, model, application, permissions, *rest = values
    starts_at, ends_at, suspended_at, disputed_at, calls, *limits = rest
    return GrantFacts(
        id=public_id,
        source=source,
        source_id=source_id,
        tier=tier,
        model=model,
        application=application,
        permissions=frozenset(permissions),
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=_time(ends_at),
        suspended_at=_time(suspended_at),
        disputed_at=_time(disputed_at),
        calls=calls,
        limits=LimitFacts(*limits),
    )


def _open_request(values: list[Any]) -> OpenRequest:
    public_id, state, tier, model, since = values
    return OpenRequest(id=public_id, state=state, tier=tier, model=model, since=datetime.fromisoformat(since))


def _order(values: list[Any]) -> OrderFacts:
    public_id, kind, since, pending, tier, model, permissions, window_until = values
    return OrderFacts(
        id=public_id,
        kind=kind,
        since=datetime.fromisoformat(since),
        pending=pending,
        tier=tier,
        model=model,
        permissions=frozenset(permissions or ["generate"]),
        window_until=_time(window_until),
    )


def _tries(values: list[Any]) -> TriesFacts:
    model, taken, requests = values
    return TriesFacts(
        model=model,
        taken=taken,
        requests={
            name: AskedAgain(taken_at=datetime.fromtimestamp(taken_at, UTC), asked=asked)
            for name, (taken_at, asked) in requests.items()
        },
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
