"""`manage.py load_demo`: told once, true to the contract, and over in one transaction."""

import json
import shutil
import stat
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from accounts import clock
from accounts.audit_chain import verify
from accounts.models import AuditEvent, User, Workspace
from tests.factories import catalogue
from tokens import keys
from tokens.gateway.ask import Ask
from tokens.gateway.service import answer
from tokens.models import (
    AccessRequest,
    Application,
    Domain,
    Gateway,
    ImportedIssue,
    RequestMessage,
    RequestState,
    Rule,
    Token,
    TokenSecret,
)
from tokens.rules.preview import preview
from tokens.selectors.review_figures import figures, usual_time

pytestmark = pytest.mark.django_db
LABELS = {"seed", "flower", "expired", "revoked", "publishable", "restricted", "suspended"}


@pytest.fixture(scope="module")
def loading(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, list[Any]]]:
    """The demo, loaded once for all tests here and then rolled back, and what was to be done after its commit."""
    folder = tmp_path_factory.mktemp("var")
    with django_db_blocker.unblock(), override_settings(VAR_DIR=folder), transaction.atomic():
        catalogue()
        call_command("load_demo", stdout=StringIO())
        yield folder, list(connection.run_on_commit)
        transaction.set_rollback(True)


@pytest.fixture
def loaded(loading: tuple[Path, list[Any]], settings: Settings, tmp_path: Path) -> dict[str, Any]:
    """What demo.json says. Each test has a file of its own."""
    settings.VAR_DIR = tmp_path
    shutil.copy2(loading[0] / "demo.json", tmp_path)
    return written()


def written() -> dict[str, Any]:
    return dict(json.loads((django_settings.VAR_DIR / "demo.json").read_text()))


def reason(token: str, model: str = "gpt-4o-mini", **rest: Any) -> str:
    decision = answer(Ask(endpoint="/v1/chat/completions", token=token, model=model, **rest))
    return decision.reason.code if decision.reason else "ok"


def test_demo_json_has_the_shape_of_the_contract(loaded: dict[str, Any], settings: Settings) -> None:
    assert loaded["base_url"] == settings.SITE_URL
    assert loaded["publishable_origin"] == "https://app.example.com"
    assert loaded["restricted_to"] == "gpt-4o-mini"
    assert loaded["webhooks"]["standard"]["source"] == "demo"
    assert loaded["webhooks"]["standard"]["secret"].startswith("whsec_")
    assert {product["kind"] for product in loaded["products"]} == {"tier", "model", "early_access", "pack"}
    assert loaded["tokens"].keys() == LABELS == loaded["workspaces"].keys()
    assert len(set(loaded["workspaces"].values())) == len(LABELS)
    for label, text in loaded["tokens"].items():
        key = keys.parse_token(text)
        assert key is not None
        assert key.owner == loaded["workspaces"][label]


def test_demo_json_is_readable_by_its_owner_alone(loading: tuple[Path, list[Any]]) -> None:
    assert stat.S_IMODE((loading[0] / "demo.json").stat().st_mode) == 0o600
    assert [path.name for path in loading[0].iterdir()] == ["demo.json"]


def test_every_label_gets_the_decision_that_it_names(loaded: dict[str, Any]) -> None:
    check_labels(loaded)


def check_labels(loaded: dict[str, Any]) -> None:
    tokens, origin = loaded["tokens"], loaded["publishable_origin"]
    assert reason(tokens["seed"]) == "ok"
    assert reason(tokens["seed"], "gpt-4o") == "tier_required"
    assert reason(tokens["flower"], "gpt-4o") == "ok"
    assert reason(tokens["expired"]) == "token_expired"
    assert reason(tokens["revoked"]) == "token_revoked"
    assert reason(tokens["publishable"], origin=origin) == "ok"
    assert reason(tokens["publishable"], origin="https://evil-example.com") == "origin_not_allowed"
    assert reason(tokens["restricted"]) == "ok"
    assert reason(tokens["restricted"], "gpt-4.1-mini") == "token_scope"
    assert reason(tokens["suspended"]) == "workspace_suspended"


def test_the_gateway_is_the_one_of_the_contract(loaded: dict[str, Any]) -> None:
    key = keys.parse_gateway_key(loaded["gateway_key"])
    assert key is not None
    gateway = Gateway.objects.get(public_id=key.owner)
    assert (gateway.kind, gateway.demo) == ("custom", True)
    assert set(gateway.scopes) == {"decide", "introspect", "search", "usage"}
    headers = (gateway.uri_header, gateway.method_header, gateway.address_header, gateway.model_header)
    assert headers == ("X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-For", "X-Model")


def test_there_are_requests_in_every_state_and_a_dozen_applications(loaded: dict[str, Any]) -> None:
    assert {request.state for request in AccessRequest.objects.all()} == set(RequestState.values)
    assert AccessRequest.objects.count() >= 22
    assert Application.objects.exclude(workspace__public_id__in=loaded["workspaces"].values()).count() >= 12
    assert Domain.objects.filter(proved_at__isnull=False).exists()
    assert Application.objects.filter(suspended_at__isnull=False).exists()
    assert Application.objects.filter(tokens=None).exists()


def test_the_developer_has_three_applications_and_a_request_in_review(loaded: dict[str, Any]) -> None:
    mine = User.objects.get(email="dev@trellis.test").personal_workspace
    assert set(mine.applications.values_list("slug", flat=True)) == {"freeaichat", "pixelgarden", "homework-helper"}
    states = sorted(mine.access_requests.values_list("state", flat=True))
    assert states == ["approved", "in_review", "rejected"]


def test_one_issue_was_brought_in_with_an_answer_that_no_field_takes(loaded: dict[str, Any]) -> None:
    asked = AccessRequest.objects.get(imported_issue__isnull=False)
    assert (asked.state, asked.application.name) == ("submitted", "Moonlit Letters")
    assert set(asked.imported_issue.unmatched) == {"Which school or company stands behind it?", "Agreements"}
    assert asked.imported_issue.comments.count() == 2
    waiting = ImportedIssue.objects.filter(access_request=None).order_by("number")
    assert [issue.wanted_at is None for issue in waiting] == [False, True]


def test_one_rule_is_on_and_the_other_has_a_preview(loaded: dict[str, Any]) -> None:
    on, off = Rule.objects.order_by("position")
    assert (on.active is None, off.active) == (False, None)
    shown = preview(off.versions.get(), clock.now())
    assert shown.matched


def test_all_that_the_demo_made_is_marked_as_the_demo_s(loaded: dict[str, Any]) -> None:
    assert not User.objects.filter(demo=False).exists()
    assert not Workspace.objects.filter(demo=False).exists()
    assert {user.email for user in User.objects.all() if user.has_usable_password()} == {
        f"{who}@trellis.test" for who in ("dev", "maintainer", "staff", "admin")
    }


def test_the_past_is_told_in_order_and_every_audit_chain_is_whole(loaded: dict[str, Any]) -> None:
    assert verify() == []
    for workspace in Workspace.objects.all():
        times = list(AuditEvent.objects.filter(workspace=workspace).order_by("seq").values_list("at", flat=True))
        assert times == sorted(times)
    asked = AccessRequest.objects.get(application__slug="freeaichat", tier__slug="flower")
    assert asked.claimed_at is not None
    assert asked.submitted_at is not None
    events = AuditEvent.objects.filter(subject_id=asked.public_id, action="request.submitted")
    assert events.get().at == asked.submitted_at
    assert asked.created_at < asked.submitted_at < asked.claimed_at
    assert RequestMessage.objects.filter(access_request=asked, at__gt=asked.claimed_at).count() == 2


def test_afterwards_the_clock_is_the_true_one(loaded: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT abs(extract(epoch FROM clock_timestamp() - statement_timestamp())) < 60, now() = pg_catalog.now()"
        )
        assert cursor.fetchone() == (True, True)
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'trellis_demo_clock'")
        assert cursor.fetchone() == (0,)
    assert (clock.now() - User.objects.create_user("later@example.com").date_joined).total_seconds() < 60


def test_nobody_is_mailed_about_what_happened_weeks_ago(loading: tuple[Path, list[Any]]) -> None:
    assert loading[1] == []


def test_a_second_load_changes_nothing(loaded: dict[str, Any]) -> None:
    before = (User.objects.count(), Token.objects.count(), AuditEvent.objects.count())
    call_command("load_demo", stdout=StringIO())
    assert (User.objects.count(), Token.objects.count(), AuditEvent.objects.count()) == before
    assert written() == loaded


def test_keys_of_a_lost_file_are_made_anew(loaded: dict[str, Any], settings: Settings) -> None:
    (settings.VAR_DIR / "demo.json").unlink()
    call_command("load_demo", stdout=StringIO())
    again = written()
    assert again["workspaces"] == loaded["workspaces"]
    assert not set(again["tokens"].values()) & set(loaded["tokens"].values())
    assert again["gateway_key"] != loaded["gateway_key"]
    check_labels(again)
    assert reason(loaded["tokens"]["seed"]) == "token_revoked"
    assert verify() == []


def test_a_file_of_another_database_is_replaced(loaded: dict[str, Any], settings: Settings) -> None:
    foreign = {**loaded, "tokens": {**loaded["tokens"], "seed": keys.make(keys.KeyKind.SECRET, "0" * 12).text}}
    (settings.VAR_DIR / "demo.json").write_text(json.dumps(foreign))
    call_command("load_demo", stdout=StringIO())
    check_labels(written())


def test_with_demo_off_it_is_refused_in_one_line(settings: Settings) -> None:
    settings.DEMO = False
    before = User.objects.count()
    with pytest.raises(CommandError, match="DEMO is off") as refused:
        call_command("load_demo")
    assert "\n" not in str(refused.value)
    assert User.objects.count() == before


def test_with_demo_off_its_tokens_are_unknown(loaded: dict[str, Any], settings: Settings) -> None:
    settings.DEMO = False
    assert reason(loaded["tokens"]["seed"]) == "token_unknown"
    assert TokenSecret.objects.exists()


def test_the_desk_has_something_of_everything(loaded: dict[str, Any]) -> None:
    waiting = AccessRequest.objects.filter(state__in=["submitted", "in_review"])
    assert waiting.count() >= 12
    for there in (
        {"escalated_at__isnull": False},
        {"due_at__lt": clock.now()},
        {"snoozed_until__gt": clock.now()},
        {"assigned_to__isnull": False},
        {"claim_ends_at__gt": clock.now()},
        {"decisions__outcome": "endorsed", "decisions__lapsed_at": None},
    ):
        assert waiting.filter(**there).exists(), there
    whole = figures(90, clock.now())
    assert len(whole.reviewers) >= 4
    assert len(whole.kinds) == 3
    assert usual_time("tier:flower") is not None
    assert usual_time("model") is not None
