"""The demo's shop: what demo.json says is on sale can be bought with its secret, and opens what it says."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker, Settings
from standardwebhooks.webhooks import Webhook

from accounts.clock import now
from accounts.models import AuditEvent
from tests.factories import catalogue
from tiers.models import AIModel, Alarm, Grant, Order, ProductVersion, SandboxMessage
from tokens.gateway.ask import Ask
from tokens.gateway.service import answer

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def file(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("var")
    with django_db_blocker.unblock(), override_settings(VAR_DIR=folder), transaction.atomic():
        catalogue()
        call_command("load_demo", stdout=StringIO())
        yield folder / "demo.json"
        transaction.set_rollback(True)


@pytest.fixture
def demo(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text()))


def deliver(demo: dict[str, Any], kind: str, order: str, **data: Any) -> HttpResponse:
    """As a shop outside sends it, now."""
    at = datetime.now(UTC)
    body = json.dumps({"type": kind, "timestamp": at.isoformat(), "data": {"id": order, **data}})
    shop = demo["webhooks"]["standard"]
    headers = {
        "webhook-id": f"msg_{kind}_{order}",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(shop["secret"]).sign(f"msg_{kind}_{order}", at, body),
    }
    path = f"/webhooks/standard/{shop['source']}"
    return Client().post(path, body, content_type="application/json", headers=headers)  # type: ignore[return-value]


def buy(demo: dict[str, Any], product: dict[str, Any]) -> HttpResponse:
    named = {"workspace": demo["workspaces"]["seed"], "product": product["slug"]}
    price = {"amount": product["amount"], "currency": product["currency"]}
    return deliver(demo, "order.paid", f"ord_{product['slug']}", **named, **price)


def code(demo: dict[str, Any], model: str, endpoint: str, permission: str = "generate") -> str:
    decision = answer(Ask(endpoint=endpoint, token=demo["tokens"]["seed"], model=model, permission=permission))
    return decision.reason.code if decision.reason else "ok"


def test_each_product_is_bought_with_the_secret_of_the_file_and_opens_what_it_says(demo: dict[str, Any]) -> None:
    for product in demo["products"]:
        assert buy(demo, product).json()["state"] == "applied", product
        grant = Grant.objects.get(order__reference=f"ord_{product['slug']}", revoked_at=None)
        assert str(grant.tier or grant.model or grant.calls) == product["opens"]


def test_before_paying_the_call_is_refused_and_after_it_allowed(demo: dict[str, Any]) -> None:
    by_kind = {product["kind"]: product for product in demo["products"]}
    pictures = "/v1/images/generations"
    assert code(demo, "flux-pro", pictures) == "early_access"
    assert code(demo, "flux-1.1-pro-ultra", pictures) != "ok"
    buy(demo, by_kind["early_access"])
    buy(demo, by_kind["model"])
    assert code(demo, "flux-pro", pictures) == "ok"
    assert code(demo, "flux-1.1-pro-ultra", pictures) == "ok"
    assert code(demo, "flux-1.1-pro-ultra", pictures, "download") == "ok"


def test_what_is_listed_gives_nothing_of_its_own_accord(demo: dict[str, Any]) -> None:
    """A script that buys and pays back must see its own order's effect alone."""
    names = {product["opens"] for product in demo["products"] if product["kind"] in {"model", "early_access"}}
    for model in AIModel.objects.filter(name__in=names):
        assert (model.free_tries, model.goal_amount) == (0, None)
    slugs = [product["slug"] for product in demo["products"]]
    versions = ProductVersion.objects.filter(product__slug__in=slugs)
    assert {version.partial_refund for version in versions} == {"keep"}
    assert versions.count() == len(slugs)


def test_a_model_in_early_access_has_free_tries_and_a_goal(demo: dict[str, Any]) -> None:
    model = AIModel.objects.get(goal_amount__isnull=False)
    assert model.free_tries == 3
    version = ProductVersion.objects.get(model=model)
    assert version.window_until == model.early_access_until


def test_the_prices_are_of_several_currencies_and_one_has_changed(demo: dict[str, Any]) -> None:
    assert {product["currency"] for product in demo["products"]} == {"USD", "EUR", "JPY"}
    old, new = ProductVersion.objects.filter(product__slug="calls-100000").order_by("number")
    assert old.sale_until == new.sale_from
    assert old.amount > new.amount
    assert ProductVersion.objects.exclude(sale_until=None).filter(product__slug="nectar-weekend").exists()


def test_there_are_orders_in_many_states_and_every_one_of_the_four_has_some(demo: dict[str, Any]) -> None:
    states = set(Order.objects.values_list("state", flat=True))
    assert states >= {
        *("paid", "pending", "refunded", "partly_refunded", "disputed", "dispute_won", "dispute_lost"),
        *("unfulfilled", "past_due", "cancelled"),
    }
    assert set(Order.objects.values_list("provider", flat=True)) == {"sandbox", "standard", "manual"}
    for who in ("dev", "maintainer", "staff", "admin"):
        assert Order.objects.filter(workspace__memberships__user__email=f"{who}@trellis.test").exists()
    assert not Order.objects.filter(workspace__public_id__in=demo["workspaces"].values()).exists()


def test_what_was_bought_in_the_past_is_dated_there(demo: dict[str, Any]) -> None:
    for order in Order.objects.filter(settled_at__isnull=False):
        assert order.settled_at is not None
        assert order.settled_at < now() - timedelta(days=2)
        paid = order.events.filter(kind="paid").get()
        assert paid.at == order.settled_at
        assert AuditEvent.objects.filter(subject_id=order.public_id, at__lt=now() - timedelta(days=2)).exists()
    past_due = Order.objects.get(state="past_due")
    assert past_due.ends_at is not None
    assert past_due.ends_at > now()
    unfulfilled = Order.objects.get(state="unfulfilled")
    assert Alarm.objects.get(order=unfulfilled, resolved_at=None).raised_at < now() - timedelta(days=2)
    assert not SandboxMessage.objects.exclude(deliver_at=None).exists()


def test_with_demo_off_the_demo_s_secret_is_refused(demo: dict[str, Any], settings: Settings) -> None:
    settings.DEMO = False
    assert buy(demo, demo["products"][0]).status_code == 401


def test_a_lost_file_gets_a_new_secret_and_the_old_one_is_refused(
    demo: dict[str, Any], file: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    call_command("load_demo", stdout=StringIO())
    again = json.loads((tmp_path / "demo.json").read_text())
    assert again["products"] == demo["products"]
    assert again["webhooks"]["standard"]["secret"] != demo["webhooks"]["standard"]["secret"]
    assert buy(demo, demo["products"][0]).status_code == 401
    assert buy(again, demo["products"][0]).status_code == 200
