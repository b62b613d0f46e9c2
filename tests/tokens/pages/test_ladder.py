"""What each tier opens, and which models there are: for everybody, and for who stands somewhere."""

from datetime import timedelta
from types import SimpleNamespace

from django.test import Client

from accounts.clock import now
from tests import factories
from tiers.models import AIModel, Tier
from tokens.actions.reviews import approve_request


def test_visitors_see_the_whole_ladder(db: None) -> None:
    factories.catalogue()
    page = Client().get("/tiers/").content.decode()
    assert all(f'data-tier="{slug}"' in page for slug in ("anonymous", "seed", "flower", "nectar"))
    assert "You stand here" not in page
    assert "/requests/new/?tier=flower" in page


def test_one_stands_where_the_grants_say(world: SimpleNamespace) -> None:
    def here() -> list[str]:
        return [rung.tier.slug for rung in world.client.get("/tiers/").context["rungs"] if rung.here]

    assert here() == ["seed"]
    approve_request(access_request=world.asked, version=world.asked.version, by=factories.maintainer())
    assert here() == ["flower"]


def test_what_is_asked_for_already_is_not_asked_for_again(world: SimpleNamespace) -> None:
    page = world.client.get("/tiers/").content.decode()
    assert f"/requests/{world.asked.public_id}/" in page
    assert "/requests/new/?tier=flower" not in page
    assert "/requests/new/?tier=nectar" in page


def test_each_tier_counts_the_models_it_opens(db: None) -> None:
    factories.catalogue()
    totals = [rung.total for rung in Client().get("/tiers/").context["rungs"]]
    assert totals == sorted(totals)
    open_now = AIModel.objects.filter(gated=False, retired_at=None).exclude(
        early_access_from__lte=now(), early_access_until__gt=now()
    )
    assert totals[-1] == open_now.count()


def test_models_in_early_access_are_listed_with_the_day_on_which_they_open(db: None) -> None:
    factories.catalogue()
    page = Client().get("/tiers/").content.decode()
    assert "flux-pro" in page
    assert "1 Mar 2027" in page


def test_models_are_found_by_name_alias_tier_family_and_operation(db: None) -> None:
    factories.catalogue()

    def found(**query: str) -> set[str]:
        return {row.model.name for row in Client().get("/models/", query).context["rows"]}

    assert "flux-schnell" in found(q="FLUX-1-schnell")
    assert found(q="no such model") == set()
    assert "gpt-4o-mini" in found(operation="chat_completion")
    assert "gpt-4o-mini" not in found(operation="completion")
    assert found(tier="gated") == set(AIModel.objects.filter(gated=True).values_list("name", flat=True))
    assert found(family="FLUX.1") == set(AIModel.objects.filter(family="FLUX.1").values_list("name", flat=True))


def test_a_visitor_is_not_told_what_they_hold(db: None) -> None:
    factories.catalogue()
    assert {row.held for row in Client().get("/models/").context["rows"]} == {None}


def test_what_one_holds_is_marked_and_the_rest_can_be_asked_for(world: SimpleNamespace) -> None:
    rows = {row.model.name: row for row in world.client.get("/models/").context["rows"]}
    assert rows["gpt-4o-mini"].held is True
    gated = next(row for row in rows.values() if row.model.gated and not row.retired)
    assert gated.held is False
    assert f"/requests/new/?model={gated.model.name}" in world.client.get("/models/").content.decode()


def test_a_retired_model_comes_last_and_names_its_successor(db: None) -> None:
    factories.catalogue()
    successor = AIModel.objects.get(name="gpt-4o-mini")
    AIModel.objects.filter(name="bge-m3").update(retired_at=now() - timedelta(days=1), successor=successor)
    answer = Client().get("/models/")
    last = answer.context["rows"][-1]
    assert last.retired
    assert next(row for row in answer.context["rows"] if row.model.name == "bge-m3").model.successor == "gpt-4o-mini"


def test_a_tier_without_a_limit_says_so(world: SimpleNamespace) -> None:
    Tier.objects.filter(slug="nectar").update(requests_per_day=None, concurrent_calls=None)
    page = world.client.get("/tiers/").content.decode()
    rung = page[page.index('id="rung-nectar"') :]
    assert "no limit" in rung
    assert "None" not in rung
    assert "at once" in page
    assert "at once" not in rung[: rung.index("</dl>")]
