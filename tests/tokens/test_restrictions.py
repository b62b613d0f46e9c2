"""What a holder narrows a token to is known, in one written form, or refused by the name of the field."""

import pytest

from accounts.errors import Invalid
from accounts.models import AuditEvent
from tests.factories import application, catalogue, token
from tiers.models import AIModel
from tokens.actions.applications import add_domain
from tokens.actions.tokens import edit_token
from tokens.restrictions import MOST_ENTRIES, Restrictions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    catalogue()


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("models", ["gpt-4o-mini", " gpt-4o-mini "], ["gpt-4o-mini"]),
        ("operations", ["embedding", "chat_completion"], ["chat_completion", "embedding"]),
        ("permissions", ["generate"], ["generate"]),
        ("addresses", ["203.0.113.7", "198.51.100.9/24"], ["198.51.100.0/24", "203.0.113.7/32"]),
        ("addresses", ["2001:DB8::1", "::ffff:203.0.113.7"], ["2001:db8::1/128", "203.0.113.7/32"]),
        ("origins", ["https://App.Example.com/", "*.bücher.example"], ["*.xn--bcher-kva.example", "app.example.com"]),
        ("origins", ["localhost", "[::1]", ""], ["[::1]", "localhost"]),
    ],
)
def test_what_is_known_is_kept_in_its_one_form(field: str, given: list[str], kept: list[str]) -> None:
    assert list(getattr(Restrictions(**{field: tuple(given)}).cleaned(), field)) == kept


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("models", "GPT-4o-mini"),
        ("models", "no-such-model"),
        ("operations", "chat"),
        ("permissions", "upload"),
        ("addresses", "203.0.113.300"),
        ("addresses", "10.0.0.0/33"),
        ("addresses", "fe80::1%eth0"),
        ("addresses", "example.com"),
        ("origins", "https://example.com/path"),
        ("origins", "example.com:8443"),
        ("origins", "*.com"),
        ("origins", "*"),
        ("origins", "a.*.com"),
        ("origins", "2130706433"),
        ("origins", "null"),
        ("origins", "user@example.com"),
        ("origins", "example.com\nevil.com"),
    ],
)
def test_what_is_not_known_is_refused_by_the_name_of_the_field(field: str, wrong: str) -> None:
    with pytest.raises(Invalid) as refusal:
        Restrictions(**{field: (wrong,)}).cleaned()
    assert refusal.value.field == field
    assert wrong.split("\n")[0] in str(refusal.value)


def test_an_alias_becomes_the_models_own_name() -> None:
    model = AIModel.objects.exclude(aliases=[]).first()
    assert model is not None
    assert Restrictions(models=(model.aliases[0],)).cleaned().models == (model.name,)


def test_lists_are_bounded() -> None:
    with pytest.raises(Invalid):
        Restrictions(addresses=tuple(f"10.0.{n}.0/24" for n in range(MOST_ENTRIES + 1))).cleaned()


def test_minting_stores_the_cleaned_restrictions() -> None:
    minted = token(restrictions=Restrictions(models=("gpt-4o-mini",), addresses=("198.51.100.9/24",)))
    assert Restrictions.of(minted.token) == Restrictions(models=("gpt-4o-mini",), addresses=("198.51.100.0/24",))


def test_editing_tells_what_changed_and_nothing_else() -> None:
    minted = token(restrictions=Restrictions(models=("gpt-4o-mini",)))
    owner = minted.token.created_by
    edit_token(token=minted.token, name="production", restrictions=Restrictions(operations=("embedding",)), by=owner)
    event = AuditEvent.objects.get(action="token.edited")
    assert event.before == {"allowed_models": ["gpt-4o-mini"], "allowed_operations": []}
    assert event.after == {"allowed_models": [], "allowed_operations": ["embedding"]}


def test_editing_nothing_leaves_no_trace() -> None:
    minted = token()
    edit_token(token=minted.token, name="production", restrictions=Restrictions(), by=minted.token.created_by)
    assert not AuditEvent.objects.filter(action="token.edited").exists()


def test_a_publishable_token_cannot_lose_its_last_origin() -> None:
    of = application()
    minted = token(of, kind="publishable", restrictions=Restrictions(origins=("example.com",)))
    with pytest.raises(Invalid):
        edit_token(token=minted.token, name="site", restrictions=Restrictions(), by=of.created_by)
    add_domain(application=of, host="example.com", by=of.created_by)
    edit_token(token=minted.token, name="site", restrictions=Restrictions(), by=of.created_by)
