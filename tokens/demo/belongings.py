"""The demo's applications, with domains and tokens, and the grants that administrators gave by hand."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models.functions import Now

from accounts import audit, clock, demo
from accounts.ids import new_public_id
from tiers.actions.grants import give_grant, resume_grant, revoke_grant, suspend_grant
from tiers.models import Grant, GrantSource
from tokens.actions.applications import add_domain, create_application, resume_application, suspend_application
from tokens.actions.tokens import mint_token, revoke_token, rotate_token
from tokens.demo.story import Stage, Step, Table, read, span, subject
from tokens.models import Domain, ProofMethod, Token
from tokens.restrictions import Restrictions


def steps(stage: Stage) -> Iterator[Step]:
    for told in read("applications")["applications"]:
        yield Step(span(told["made"]), partial(_application, stage, told))
        for domain in told.get("domains", []):
            yield from _domain_steps(stage, told["key"], domain)
        for token in told.get("tokens", []):
            yield from _token_steps(stage, told["key"], token)
        for change in told.get("changes", []):
            yield Step(span(change["ago"]), partial(_change_application, stage, told["key"], change))
    for told in read("grants")["grants"]:
        yield from _grant_steps(stage, told)


def _application(stage: Stage, told: Table) -> None:
    fields = {name: told[name] for name in ("name", "url", "description", "category", "contact") if name in told}
    stage.applications[told["key"]] = create_application(
        workspace=stage.workspaces[told["workspace"]], by=stage.people[told["by"]], **fields
    )


def _change_application(stage: Stage, key: str, change: Table) -> None:
    do = {"suspend": suspend_application, "resume": resume_application}[change["do"]]
    do(application=stage.applications[key], reason=change["reason"], by=stage.administrator)


def _domain_steps(stage: Stage, key: str, told: Table) -> Iterator[Step]:
    def add() -> None:
        application = stage.applications[key]
        add_domain(application=application, host=told["host"], by=application.created_by)

    def prove() -> None:
        """No such name has a record or a site: the proof alone is told and not lived."""
        domain = Domain.objects.select_related("workspace").get(application=stage.applications[key], host=told["host"])
        Domain.objects.filter(pk=domain.pk).update(
            proved_at=Now(), checked_at=Now(), proved_method=ProofMethod(told["method"])
        )
        after = {"host": domain.host, "method": told["method"]}
        audit.record("domain.proved", domain, by=demo.BY, workspace=domain.workspace, after=after)

    yield Step(span(told["added"]), add)
    if "proved" in told:
        yield Step(span(told["proved"]), prove)


def _token_steps(stage: Stage, key: str, told: Table) -> Iterator[Step]:
    made: list[Token] = []

    def mint() -> None:
        application = stage.applications[key]
        by = stage.people[told["by"]] if "by" in told else application.created_by
        expires_at = clock.now() + timedelta(days=told["days"]) if "days" in told else None
        only: dict[str, Any] = {field: tuple(values) for field, values in told.get("only", {}).items()}
        minted = mint_token(
            application=application,
            kind=told.get("kind", "secret"),
            name=told["name"],
            expires_at=expires_at,
            restrictions=Restrictions(**only),
            by=by,
        )
        made.append(minted.token)

    def rotate() -> None:
        rotate_token(token=made[0], overlap=timedelta(hours=24), by=made[0].created_by)

    def revoke() -> None:
        change = told["revoked"]
        revoke_token(token=made[0], reason=change["reason"], leaked=change.get("leaked", False), by=made[0].created_by)

    yield Step(span(told["minted"]), mint)
    if "rotated" in told:
        yield Step(span(told["rotated"]), rotate)
    if "revoked" in told:
        yield Step(span(told["revoked"]["ago"]), revoke)
    if "used" in told:
        yield Step(span(told["used"]), lambda: Token.objects.filter(pk=made[0].pk).update(last_used_at=Now()))
    if "seen_in_query" in told:
        at = span(told["seen_in_query"])
        yield Step(at, lambda: Token.objects.filter(pk=made[0].pk).update(seen_in_query_at=Now()))


def _grant_steps(stage: Stage, told: Table) -> Iterator[Step]:
    made: list[Grant] = []

    def give() -> None:
        application = stage.applications[told["application"]]
        whole = told.get("whole_workspace", False)
        given = give_grant(
            workspace=application.workspace,
            application_id=None if whole else application.pk,
            source=GrantSource.MANUAL,
            source_id=new_public_id(),
            reason=told["reason"],
            ends_at=clock.now() + timedelta(days=told["days"]) if "days" in told else None,
            by=stage.administrator,
            **subject(told),  # type: ignore[arg-type]
        )
        made.append(given)

    def change(told: Table) -> None:
        do = {"suspend": suspend_grant, "resume": resume_grant, "revoke": revoke_grant}[told["do"]]
        do(grant=made[0], reason=told["reason"], by=stage.administrator)

    yield Step(span(told["given"]), give)
    for later in told.get("changes", []):
        yield Step(span(later["ago"]), partial(change, later))
