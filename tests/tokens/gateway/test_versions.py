"""Whatever a pass is compiled from raises the rights version of its workspace, by whatever way it is changed."""

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Workspace
from tests import factories
from tests.factories import sales
from tiers.models import LIMITS, CatalogueVersion, Grant, Tier
from tokens.actions.applications import add_domain
from tokens.actions.requests import save_draft
from tokens.models import AccessRequest, Application, Domain, LimitOverride, Token, TokenSecret

pytestmark = pytest.mark.django_db

# What has a workspace of its own, which must be its application's.
REPEATING = ("tokens_domain", "tokens_token", "tokens_tokensecret", "tokens_accessrequest", "tokens_limitoverride")
LIMITED = dict.fromkeys(LIMITS, "7")
# Each column that tokens/gateway/passes.py reads of a workspace's rows, with a value that differs.
CHANGES = {
    "accounts_workspace": {
        "demo": "NOT demo",
        "suspended_at": "now(), suspended_by_id = %(person)s",
        "suspended_reason": "'spam'",
    },
    "tokens_application": {
        "slug": "'other'",
        "name": "'Other'",
        "secret_in_query": "NOT secret_in_query",
        "suspended_at": "now(), suspended_by_id = %(person)s",
        "suspended_reason": "'spam'",
    },
    "tokens_domain": {"host": "'other.example.com'", "application_id": "%(sibling)s"},
    "tokens_token": {
        "application_id": "%(sibling)s",
        "kind": "'publishable'",
        "allowed_models": "'{a}'",
        "allowed_operations": "'{a}'",
        "allowed_permissions": "'{generate}'",
        "allowed_addresses": "'{10.0.0.0/8}'",
        "allowed_origins": "'{example.com}'",
        "expires_at": "now() + interval '1 day'",
        "revoked_at": "now()",
        **LIMITED,
    },
    "tokens_tokensecret": {
        "hash": "'x'",
        "ends_at": "now()",
        "token_id": "%(sibling_token)s",
    },
    "tokens_accessrequest": {
        "application_id": "%(sibling)s",
        "state": "'withdrawn'",
        "submitted_at": "now()",
        "tier_id": "(SELECT id FROM tiers_tier WHERE slug = 'nectar')",
    },
    "tiers_grant": {
        "application_id": "%(sibling)s",
        "tier_id": "(SELECT id FROM tiers_tier WHERE slug = 'nectar')",
        "permissions": "'{download}'",
        "source": "'manual'",
        "source_id": "'other'",
        "starts_at": "starts_at - interval '1 day'",
        "ends_at": "now() + interval '1 day'",
        "calls": "5, tier_id = NULL",
        "suspended_at": "now()",
        "disputed_at": "now()",
        "revoked_at": "now()",
        **LIMITED,
    },
    "tokens_limitoverride": {"application_id": "NULL", **LIMITED},
    "tiers_order": {
        "version_id": "%(offer)s",
        "quoted_id": "%(offer)s",
        "unsettled_since": "now() - interval '1 day'",
    },
}


def run(*statements: str, **values: object) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values or None)


@pytest.fixture
def application() -> Application:
    factories.catalogue()
    made = factories.application()
    factories.token(made)
    add_domain(application=made, host="example.com", by=made.created_by)
    LimitOverride.objects.create(
        workspace=made.workspace, application=made, requests_per_day=9, reason="A fair", set_by=made.created_by
    )
    save_draft(application=made, tier=Tier.objects.get(slug="flower"), by=made.created_by)
    return made


def version(workspace: Workspace) -> int:
    return Workspace.objects.get(pk=workspace.pk).rights_version


@pytest.mark.parametrize("table", CHANGES)
def test_every_column_of_a_pass_raises_the_rights_version(application: Application, table: str) -> None:
    workspace, by = application.workspace, application.created_by
    sibling = factories.application(by=by, name="Sibling")
    rows = {
        "accounts_workspace": workspace,
        "tokens_application": application,
        "tokens_domain": Domain.objects.get(application=application),
        "tokens_token": Token.objects.get(application=application),
        "tokens_tokensecret": TokenSecret.objects.get(token__application=application),
        "tokens_accessrequest": AccessRequest.objects.get(application=application),
        "tokens_limitoverride": LimitOverride.objects.get(application=application),
        "tiers_grant": Grant.objects.get(workspace=workspace),
        "tiers_order": sales.order(workspace, sales.product(tier="flower")),
    }
    offer = sales.product(tier="nectar").versions.get().pk
    facts = {
        "offer": offer,
        "id": rows[table].pk,
        "person": by.pk,
        "sibling": sibling.pk,
        "sibling_token": _spare_token(sibling),
    }
    before = version(workspace)
    for column, value in CHANGES[table].items():
        with transaction.atomic():
            run(f"UPDATE {table} SET {column} = {value} WHERE id = %(id)s", **facts)  # noqa: S608
            assert version(workspace) == before + 1, column
            transaction.set_rollback(True)


def _spare_token(application: Application) -> int:
    """A token whose own secret has ended, so that another secret can become its current one."""
    made = factories.token(application).token
    TokenSecret.objects.filter(token=made).update(ends_at=made.created_at)
    return made.pk


def test_noting_a_use_raises_nothing(application: Application) -> None:
    before = version(application.workspace)
    run("UPDATE tokens_token SET last_used_at = now(), seen_in_query_at = now()")
    assert version(application.workspace) == before


def test_an_application_that_moves_raises_the_version_of_both_workspaces(application: Application) -> None:
    here, there = application.workspace, factories.person().personal_workspace
    before = version(here), version(there)
    run(
        "UPDATE tokens_application SET workspace_id = %(there)s",
        *(f"UPDATE {table} SET workspace_id = %(there)s" for table in REPEATING),  # noqa: S608
        "SET CONSTRAINTS ALL IMMEDIATE",
        there=there.pk,
    )
    assert version(here) > before[0]
    assert version(there) > before[1]


@pytest.mark.parametrize("table", REPEATING)
def test_no_row_says_another_workspace_than_its_application(application: Application, table: str) -> None:
    elsewhere = factories.person().personal_workspace
    moved = f"UPDATE {table} SET workspace_id = %(elsewhere)s"  # noqa: S608
    with pytest.raises(IntegrityError), transaction.atomic():
        run(moved, "SET CONSTRAINTS ALL IMMEDIATE", elsewhere=elsewhere.pk)


@pytest.mark.parametrize("statement", ["UPDATE {0} SET id = id", "DELETE FROM {0} WHERE false", "TRUNCATE {0} CASCADE"])
@pytest.mark.parametrize(
    "table",
    [
        *("tiers_tier", "tiers_aimodel", "tiers_operation", "tiers_servedoperation"),
        *("tiers_product", "tiers_productversion", "tiers_providerprice"),
    ],
)
def test_every_statement_on_the_catalogue_raises_its_version(table: str, statement: str) -> None:
    factories.catalogue()
    before = CatalogueVersion.objects.get().version
    run("SET CONSTRAINTS ALL IMMEDIATE", statement.format(table))
    assert CatalogueVersion.objects.get().version > before
