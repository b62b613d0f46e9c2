"""`decide()`: may this token make this call now? Pure: no database, no Redis, no clock, no settings. An allow that
has `tries_left` holds only once the service has taken the free try.

Each check is one function; `CHECKS` is the order of the contract. The first that refuses is the answer, and the later
ones are asked all the same, so that a caller learns at once what would stop them next.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from tiers.entitlements import FreeTry, Held, Standing, holding, standing
from tiers.facts import Catalogue, GrantFacts, ModelFacts
from tokens.domains import host_matches, origin_host
from tokens.gateway import endpoints, lacks, refusals
from tokens.gateway.ask import Ask, Decision, GrantedBy, Pass, Refusal

# By the name of each check: the refusals that it found.
Trace = list[tuple[str, tuple[Refusal, ...]]]


@dataclass(slots=True)
class Case:
    """One ask on the table: what is asked, what is known, and what the checks have found so far."""

    catalogue: Catalogue
    rights: Pass | None
    ask: Ask
    now: datetime
    match: endpoints.Match | None = None
    model: ModelFacts | None = None
    stands: Standing = field(init=False)
    granted_by: GrantFacts | None = None
    tries_left: int | None = None

    def __post_init__(self) -> None:
        self.match = self._match()
        self.model = self.catalogue.by_any_name.get(self.model_name or "")
        self.stands = standing(self.catalogue, self.grants, self.application, self.now)

    def _match(self) -> endpoints.Match | None:
        operations, ask = self.catalogue.operations, self.ask
        if ask.operation is None:
            return endpoints.match(operations, ask.method, ask.endpoint)
        named = operations.get(ask.operation)
        return endpoints.Match(named) if named else None

    @property
    def model_name(self) -> str | None:
        """What the caller named, in the path before all else; else the operation's default."""
        if self.match is None:
            return self.ask.model
        return self.match.model or self.ask.model or self.match.operation.default_model

    @property
    def usable_model(self) -> ModelFacts | None:
        """The model asked for, unless it is retired."""
        return None if self.model is None or self.model.is_retired(self.now) else self.model

    @property
    def grants(self) -> tuple[GrantFacts, ...]:
        return self.rights.grants if self.rights else ()

    @property
    def application(self) -> int | None:
        return self.rights.application.pk if self.rights else None


def decide(catalogue: Catalogue, rights: Pass | None, ask: Ask, now: datetime) -> Decision:
    """The decision at the instant `now`. `rights` is None for an ask without a token: the anonymous tier.
    Whether the token is malformed or unknown is known before there is a pass, and answered by the service."""
    return explain(catalogue, rights, ask, now)[0]


def explain(catalogue: Catalogue, rights: Pass | None, ask: Ask, now: datetime) -> tuple[Decision, Trace]:
    """The decision, and what each check found, in their order."""
    case = Case(catalogue, rights, ask, now)
    trace = [(check.__name__, tuple(check(case))) for check in CHECKS]
    found = tuple(refusal for _check, refusals in trace for refusal in refusals)
    decision = Decision(
        ask=ask,
        at=now,
        refusals=found,
        identity=rights.identity if rights else None,
        tier=case.stands.tier,
        operation=case.match.operation.slug if case.match else None,
        model=case.model.name if case.model else None,
        granted_by=_granted_by(case.granted_by or case.stands.grant),
        tries_left=None if found else case.tries_left,
    )
    return decision, trace


def _granted_by(grant: GrantFacts | None) -> GrantedBy | None:
    return GrantedBy(grant.source, grant.source_id, grant.ends_at) if grant else None


Found = Iterator[Refusal]


def token_form(case: Case) -> Found:
    """A secret token in a query string is written to logs all along its way: refused unless switched on, or sent as
    it should be too."""
    rights, ask = case.rights, case.ask
    if rights is None or rights.publishable or rights.application.secret_in_query:
        return
    if ask.token_in_query and not ask.token_in_header:
        yield refusals.secret_in_query(rights)


def token_alive(case: Case) -> Found:
    rights = case.rights
    if rights is None:
        return
    if rights.revoked_at is not None:
        yield refusals.token_revoked(rights)
    elif rights.ends_at is not None and rights.ends_at <= case.now:
        yield refusals.token_expired(rights)


def suspension(case: Case) -> Found:
    rights = case.rights
    if rights is None:
        return
    if rights.workspace_suspended_reason is not None:
        yield refusals.workspace_suspended(rights)
    if rights.application.suspended_reason is not None:
        yield refusals.application_suspended(rights)


def origin(case: Case) -> Found:
    """A publishable token is bound to domains; a secret one only where its holder restricted it to some."""
    rights = case.rights
    if rights is None or not (rights.publishable or rights.allowed_hosts):
        return
    patterns = rights.allowed_hosts or rights.application.hosts
    host = origin_host(case.ask.origin or "")
    if host is None or not any(host_matches(pattern, host) for pattern in patterns):
        yield refusals.origin_not_allowed(rights, case.ask.origin)


def address(case: Case) -> Found:
    rights, address = case.rights, case.ask.address
    if rights is None or not rights.allowed_networks:
        return
    if address is None or not any(address in network for network in rights.allowed_networks):
        yield refusals.ip_not_allowed(rights, address)


def endpoint(case: Case) -> Found:
    if case.match is None:
        yield refusals.endpoint_unknown(case.catalogue, case.ask)


def model(case: Case) -> Found:
    if case.model is None:
        if case.model_name:
            yield refusals.model_not_found(case.catalogue, case.model_name)
        elif case.match is not None:
            yield refusals.model_missing()
    elif case.usable_model is None:
        yield refusals.model_retired(case.model)


def scope(case: Case) -> Found:
    rights = case.rights
    if rights is None:
        return
    if case.model and rights.allowed_models and case.model.name not in rights.allowed_models:
        yield refusals.token_scope(rights, "model", case.model.name, rights.allowed_models)
    elif case.match and rights.allowed_operations and case.match.operation.slug not in rights.allowed_operations:
        yield refusals.token_scope(rights, "endpoint", case.match.operation.slug, rights.allowed_operations)
    elif rights.allowed_permissions and not _within(case.ask.permission, rights.allowed_permissions):
        yield refusals.token_scope(rights, "permission", case.ask.permission, rights.allowed_permissions)


def _within(permission: str, allowed: frozenset[str]) -> bool:
    """Download includes generate."""
    return permission in allowed or (permission == "generate" and "download" in allowed)


def held(case: Case) -> Found:
    """A retired model is not held by anybody: nothing obtained would open it."""
    model = case.usable_model
    if model is None:
        return
    result = holding(
        case.catalogue,
        case.grants,
        model,
        application=case.application,
        permission=case.ask.permission,
        now=case.now,
        orders=case.rights.orders if case.rights else (),
        tries=case.rights.tries_of(model.name) if case.rights else None,
        request_id=case.ask.request_id,
    )
    if isinstance(result, Held):
        case.granted_by = result.by
    elif isinstance(result, FreeTry):
        case.granted_by, case.tries_left = _free_try(model), result.left
    elif case.rights is None:
        yield refusals.token_missing(model)
    else:
        yield lacks.not_held(
            lacks.Lacking(
                catalogue=case.catalogue,
                rights=case.rights,
                model=model,
                result=result,
                stands=case.stands.tier,
                permission=case.ask.permission,
                now=case.now,
            )
        )


def _free_try(model: ModelFacts) -> GrantFacts:
    """What a free try amounts to, for `granted_by`."""
    return GrantFacts(id="", source="free_try", source_id=model.name, model=model.name, ends_at=model.early_access_ends)


def served(case: Case) -> Found:
    model = case.usable_model
    if model and case.match and case.match.operation.slug not in model.operations:
        yield refusals.wrong_endpoint(case.catalogue, model, case.match.operation)


CHECKS: tuple[Callable[[Case], Found], ...] = (
    token_form,
    token_alive,
    suspension,
    origin,
    address,
    endpoint,
    model,
    scope,
    held,
    served,
)
