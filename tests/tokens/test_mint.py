"""Minting: whoever can be reached gets a working token at once, and nobody else does."""

from datetime import timedelta

import pytest
from django.conf import settings

from accounts.clock import now
from accounts.errors import Conflict, Invalid, NotAllowed, NotFound
from accounts.models import AuditEvent
from tests.factories import administrator, application, catalogue, join, person, token
from tiers.actions.grants import revoke_grant
from tiers.models import Grant, Tier
from tokens import keys
from tokens.actions.applications import add_domain, resume_application, suspend_application
from tokens.actions.tokens import revoke_token
from tokens.models import Token, TokenSecret
from tokens.policies import tokens as policies
from tokens.restrictions import Restrictions

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalogue() -> None:
    catalogue()


def test_the_text_is_the_workspaces_and_only_its_digest_is_kept() -> None:
    minted = token()
    key = keys.parse_token(minted.text)
    assert key is not None
    assert key.owner == minted.token.workspace.public_id
    secret = TokenSecret.objects.get(token=minted.token)
    version = next(iter(settings.TOKEN_KEYS))
    assert bytes(secret.hash) == keys.digest(minted.text, settings.TOKEN_KEYS[version])
    assert (secret.key_version, secret.last4) == (version, minted.text[-4:])


@pytest.mark.parametrize(("kind", "form"), [("secret", "trl_sk_"), ("publishable", "trl_pk_")])
def test_each_kind_has_its_own_form(kind: str, form: str) -> None:
    minted = token(kind=kind, restrictions=Restrictions(origins=("example.com",)))
    assert minted.text.startswith(form)


def test_nothing_that_is_kept_or_printed_holds_the_secret() -> None:
    minted = token()
    key = keys.parse_token(minted.text)
    assert key is not None
    for event in AuditEvent.objects.all():
        assert key.secret not in f"{event.before}{event.after}{event.reason}{event.subject_label}"
    assert key.secret not in repr(minted)


def test_minting_is_told_in_the_workspaces_audit() -> None:
    minted = token()
    event = AuditEvent.objects.get(action="token.minted")
    assert (event.workspace, event.subject_id) == (minted.token.workspace, minted.token.public_id)
    assert event.after["kind"] == "secret"


def test_seed_is_given_by_a_rule_and_once() -> None:
    of = application()
    token(of)
    token(of, name="staging")
    grant = Grant.objects.get(workspace=of.workspace)
    assert (grant.source, grant.tier) == ("rule", Tier.objects.get(slug="seed"))


def test_without_a_confirmed_address_nothing_is_minted() -> None:
    of = application()
    newcomer = person("New", verified=False)
    join(of.workspace, newcomer)
    with pytest.raises(NotAllowed, match="Confirm your e-mail"):
        token(of, by=newcomer)
    assert not Token.objects.exists()


def test_a_stranger_is_told_that_there_is_no_such_application() -> None:
    with pytest.raises(NotFound):
        token(application(), by=person("Eve"))


def test_without_a_self_service_tier_the_way_is_to_apply() -> None:
    Tier.objects.update(self_service=False)
    with pytest.raises(NotAllowed, match="Apply for one") as refusal:
        token()
    assert refusal.value.details["remedy"] == "apply"


def test_seed_taken_by_staff_is_not_taken_back_by_minting() -> None:
    of = application()
    token(of)
    revoke_grant(grant=Grant.objects.get(), reason="Abuse", by=administrator())
    with pytest.raises(NotAllowed):
        token(of, name="again")


def test_a_suspended_application_mints_nothing_until_it_is_resumed() -> None:
    of, staff = application(), administrator()
    suspend_application(application=of, reason="Spam", by=staff)
    with pytest.raises(NotAllowed, match="Spam"):
        token(of)
    resume_application(application=of, reason="Talked to them", by=staff)
    assert token(of).text


def test_a_publishable_token_needs_a_site() -> None:
    of = application()
    with pytest.raises(Invalid) as refusal:
        token(of, kind="publishable")
    assert refusal.value.field == "origins"
    add_domain(application=of, host="app.example.com", by=of.created_by)
    assert token(of, kind="publishable").text


def test_a_token_that_would_have_ended_already_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        token(expires_at=now() - timedelta(seconds=1))
    assert refusal.value.field == "expires_at"


def test_only_live_tokens_count_towards_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "MOST_TOKENS", 2)
    of = application()
    first = token(of).token
    token(of, name="second")
    with pytest.raises(Conflict, match="at most 2"):
        token(of, name="third")
    revoke_token(token=first, reason="Not used", by=of.created_by)
    assert token(of, name="third").text


@pytest.mark.parametrize("name", ["", "  \t", "\u200b", "a\x00b", "pay\u202eroll", "x" * 81])
def test_names_that_cannot_be_seen_or_deceive_are_refused(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        token(name=name)
    assert refusal.value.field == "name"


def test_marks_that_phones_write_beside_arabic_and_hebrew_are_left_out() -> None:
    assert token(name="\u200fقارئ\u200e 2\u061c").token.name == "قارئ 2"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "生产环境 🌱", "O'Brien; DROP TABLE", "%s{{7*7}}"])
def test_other_names_are_kept_as_they_are(name: str) -> None:
    assert token(name=f"  {name} ").token.name == name
