"""What a version would have done is what it does; and it is shown beside what people made of it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.db.models.functions import Now

from accounts.clock import now
from tests import factories
from tests.factories import payments
from tests.tokens.review.conftest import ask
from tests.tokens.rules.conftest import a_rule, gathered, turn_on, waiting
from tiers.models import Tier
from tokens.actions.handling import claim_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.models import AccessRequest, Domain, ReviewTerms, RuleVersion
from tokens.rules.applying import apply
from tokens.rules.preview import SIZE, Became, page, preview

pytestmark = pytest.mark.django_db
FOR_ALL = {"field": "volume_at_least", "value": 1}


def decided(name: str, how: str, desk: SimpleNamespace, tier: str = "flower") -> AccessRequest:
    asked = waiting(name, tier)
    seen = {"access_request": asked, "version": asked.version, "by": desk.mika}
    match how:
        case "approved":
            return approve_request(**seen)
        case "less":
            return approve_request(**seen, tier=Tier.objects.get(slug="flower"))
        case "rejected":
            return reject_request(**seen, reason="No")
        case "asked":
            return ask_for_changes(**seen, text="Who?")
        case "held":
            return claim_request(access_request=asked, by=desk.mika)
    return asked


def test_what_people_made_of_it_is_counted_with_the_disagreeing_first(desk: SimpleNamespace) -> None:
    hows = ["approved", "waits", "rejected", "approved", "held", "asked"]
    for number, how in enumerate(hows):
        decided(f"Reader {number}", how, desk)
    decided("Cutter", "less", desk, tier="nectar")
    told = preview(a_rule(FOR_ALL, by=desk.ada, on=False), now())
    assert (told.sent, told.looked_at, len(told.matched)) == (7, 7, 7)
    assert [row.became for row in told.matched] == [
        "rejected",
        "asked",
        "less",
        "held",
        "waits",
        "approved",
        "approved",
    ]
    assert (told.waits, told.disagreed) == (1, 3)
    assert sum(share.number for share in told.shares) == 7
    assert sum(float(share.width) for share in told.shares) == pytest.approx(100, abs=0.1)


def test_what_gives_less_itself_agrees_with_people_who_gave_less(desk: SimpleNamespace) -> None:
    decided("Cutter", "less", desk, tier="nectar")
    told = preview(a_rule(FOR_ALL, by=desk.ada, on=False, tier="flower"), now())
    assert told.became == {Became.APPROVED: 1}


def test_only_the_last_90_days_are_looked_at(desk: SimpleNamespace) -> None:
    old, new = waiting("Old"), waiting("New")
    AccessRequest.objects.filter(pk=old.pk).update(submitted_at=Now() - timedelta(days=91))
    told = preview(a_rule(FOR_ALL, by=desk.ada, on=False), now())
    assert [row.access_request for row in told.matched] == [new]


def test_what_the_others_lacked_is_counted(desk: SimpleNamespace) -> None:
    waiting("Good")
    waiting("Bad", mail="bad")
    waiting("Unknown", mail="unknown")
    told = preview(a_rule({"field": "signals_in_order", "value": ["mail"]}, by=desk.ada, on=False), now())
    [(words, number, unknown)] = told.unmet
    assert ("E-mail address" in words, number, unknown) == (True, 2, 1)


def test_the_list_is_paged_by_the_row(desk: SimpleNamespace) -> None:
    for number in range(3):
        waiting(f"Reader {number}")
    rows = preview(a_rule(FOR_ALL, by=desk.ada, on=False), now()).matched
    many = [rows[0]] * (SIZE - 1) + rows
    first = page(many)
    assert (len(first.rows), first.before, bool(first.after)) == (SIZE, "", True)
    second = page(rows, after=rows[0].access_request.public_id)
    assert [row.access_request for row in second.rows] == [row.access_request for row in rows[1:]]
    assert page(rows, before=second.before).rows == rows
    assert page(rows, after="0123456789ab").rows == rows


def _various(desk: SimpleNamespace) -> None:
    """Requests that differ in all that conditions ask about."""
    for number, states in enumerate([{}, {"mail": "bad"}, {"site": "unknown"}, {"usage": "warn"}]):
        person = factories.person(f"Noor{number}")
        asked = ask(f"Reader {number}", ["flower", "nectar"][number // 2], person)
        if number % 2:
            Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
            payments.paid(asked.workspace)
        gathered(asked, **states)
        Domain.objects.create(
            workspace=asked.workspace,
            application=asked.application,
            host=f"reader{number}.example.com",
            proof="x",
            proved_at=now() if number else None,
            proved_method="dns" if number else "",
        )
        person.emailaddress_set.update(verified=number != 2)
    ReviewTerms.objects.create(tier=Tier.objects.get(slug="nectar"), approvals=2)


CASES = [
    [{"field": "tier", "value": ["flower"]}],
    [{"field": "volume_at_most", "value": 12_000}],
    [{"field": "no_bad_signal", "value": True}],
    [{"field": "signals_in_order", "value": ["usage", "mail"]}],
    [{"field": "signals_warn", "value": ["usage", "mail"]}],
    [{"field": "email_confirmed", "value": True}],
    [{"field": "second_factor", "value": True}],
    [{"field": "domain_proved", "value": True}],
    [{"field": "paid", "value": {"amount": 1, "currency": "USD"}}, {"field": "never_rejected", "value": True}],
    [{"field": "calls", "value": 0}, {"field": "account_days", "value": 0}],
    [{"field": "refused_share", "value": 100}],
]


@pytest.mark.parametrize("conditions", CASES, ids=lambda conditions: conditions[0]["field"])
def test_what_it_would_do_is_what_it_does(desk: SimpleNamespace, conditions: list[dict[str, object]]) -> None:
    _various(desk)
    version = a_rule(*conditions, by=desk.ada, on=False)
    foretold = {row.access_request.pk for row in preview(version, now()).matched}
    turn_on(version, desk.ada)
    done = {asked.pk for asked in AccessRequest.objects.order_by("-pk") if apply(asked)}
    assert done == foretold
    assert len(foretold) < 4 or conditions[0]["field"] in ("volume_at_most", "calls")


def test_the_number_of_queries_is_that_of_one(desk: SimpleNamespace, django_assert_num_queries: object) -> None:
    rows = [condition for case in CASES for condition in case]
    version = a_rule(*rows, by=desk.ada, on=False)
    version = RuleVersion.objects.select_related("rule").get(pk=version.pk)
    moment = now()
    waiting("One")
    with django_assert_num_queries(14):  # type: ignore[operator]
        preview(version, moment)
    for number in range(5):
        waiting(f"Reader {number}")
    with django_assert_num_queries(14):  # type: ignore[operator]
        assert preview(version, moment).looked_at == 6
