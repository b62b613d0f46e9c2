"""Signals of real requests, in a real database, with a real web server to look at."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AuditEvent, AuditOrigin, User
from tests import factories
from tests.tokens.evidence.asking import PURPOSE, asked, found
from tokens.actions.applications import add_domain, create_application
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.reviews import reject_request
from tokens.evidence import gathering, tasks
from tokens.gateway import partitions
from tokens.models import AccessRequest, Domain, Token, Usage
from tokens.selectors.review_signals import signals

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def test_every_kind_is_found_with_its_time_and_once() -> None:
    request = asked()
    first = found(request)
    assert set(first) == {kind.value for kind in gathering.SIGNALS}
    second = found(request)
    assert len(second) == len(first)
    assert second["site"].at > first["site"].at
    request.refresh_from_db()
    assert request.signals_at == second["site"].at


def test_a_new_account_and_a_confirmed_address() -> None:
    request = asked()
    signals = found(request)
    assert (signals["account_age"].state, signals["identities"].state) == ("warn", "notice")
    User.objects.filter(pk=request.applicant_id).update(date_joined=timezone.now() - timedelta(days=400))
    EmailAddress.objects.filter(user=request.applicant).update(verified=False)
    signals = found(request)
    assert (signals["account_age"].state, signals["identities"].state) == ("ok", "warn")


@pytest.mark.parametrize(
    ("host", "state"),
    [
        ("mailinator.com", "warn"),
        ("x.YOPMAIL.com", "warn"),
        ("guerrillamail.com", "warn"),
        ("gmail.com", "ok"),
        ("qq.com", "ok"),
        ("mailinator.com.example", "ok"),
        ("school.org", "ok"),
    ],
)
def test_a_throw_away_address_is_told_without_the_address(host: str, state: str) -> None:
    request = asked()
    User.objects.filter(pk=request.applicant_id).update(email=f"dana@{host}")
    signal = found(request)["mail"]
    assert signal.state == state
    assert "dana" not in str(signal.facts)


def test_the_platform_adds_domains_of_its_own(settings: Settings) -> None:
    settings.DISPOSABLE_MAIL_DOMAINS = ["example.com"]
    request = asked()
    User.objects.filter(pk=request.applicant_id).update(email="dana@example.com")
    assert found(request)["mail"].state == "warn"


def test_domains_from_none_to_proved() -> None:
    request = asked()
    assert found(request)["domain"].state == "notice"
    add_domain(application=request.application, host="lantern.example.com", by=request.applicant)
    assert found(request)["domain"].state == "warn"
    Domain.objects.update(proved_at=timezone.now(), proved_method="dns")
    assert found(request)["domain"].state == "ok"


def test_the_same_domain_with_somebody_else() -> None:
    first, second = asked("Dana"), asked("Eve")
    for request in (first, second):
        add_domain(application=request.application, host="lantern.example.com", by=request.applicant)
    signal = found(second)["same_domain"]
    assert (signal.state, signal.facts["requests"]) == ("warn", [{"id": first.public_id, "state": "submitted"}])
    Domain.objects.filter(application=first.application).update(proved_at=timezone.now(), proved_method="dns")
    assert found(second)["same_domain"].state == "bad"


def test_the_same_repository_and_wording_of_somebody_else() -> None:
    first = asked("Dana", links="https://github.com/Dana/Lantern.git and more")
    found(first)
    copied = PURPOSE.replace("pupils", "students")
    second = asked("Eve", purpose=copied, links="see github.com/dana/lantern")
    signals = found(second)
    assert signals["same_repository"].facts["requests"][0]["id"] == first.public_id
    assert (signals["same_wording"].state, signals["same_wording"].facts["requests"][0]["id"]) == (
        "warn",
        first.public_id,
    )
    assert signals["same_wording"].facts["requests"][0]["alike"] >= 80


def test_what_one_workspace_asks_twice_is_no_copy() -> None:
    first = asked("Dana")
    found(first)
    again = save_draft(
        application=create_application(workspace=first.workspace, name="Second", by=first.applicant),
        tier=first.tier,
        purpose=PURPOSE,
        expected_volume=10,
        users="us",
        by=first.applicant,
    )
    assert found(submit_request(access_request=again, by=first.applicant))["same_wording"].state == "ok"


def test_a_short_purpose_is_not_compared() -> None:
    assert found(asked(purpose="It reads books aloud."))["same_wording"].facts == {"short": True}


def test_several_people_of_one_network() -> None:
    requests = [asked(name) for name in ("Ada", "Bo", "Cy", "Di")]
    AuditOrigin.objects.update(address="198.51.100.7")
    assert found(requests[0])["addresses"].facts == {"others": 3, "same": 3, "prefix": 24}
    assert found(requests[0])["addresses"].state == "warn"
    AuditOrigin.objects.update(address=None)
    assert found(requests[0])["addresses"].state == "unknown"


@pytest.mark.parametrize(
    ("here", "near", "far", "prefix"),
    [
        ("198.51.100.7", "198.51.100.250", "198.51.101.7", 24),
        ("2001:db8:1::5", "2001:db8:1:ff::9", "2001:db8:2::5", 48),
        ("::ffff:198.51.100.7", "::ffff:198.51.100.9", "::ffff:198.51.101.9", 120),
    ],
)
def test_a_neighbour_in_the_network_counts_and_one_beside_it_does_not(
    here: str, near: str, far: str, prefix: int
) -> None:
    requests = [asked(name) for name in ("Ada", "Bo", "Cy")]
    for request, address in zip(requests, (here, near, far), strict=True):
        events = AuditEvent.objects.filter(subject_id=request.public_id)
        AuditOrigin.objects.filter(event__in=events).update(address=address)
    AuditOrigin.objects.exclude(event__subject_type="AccessRequest").update(address=None)
    assert found(requests[0])["addresses"].facts == {"others": 1, "same": 0, "prefix": prefix}
    [told] = [one.told for one in signals(requests[0]) if "other person asked" in one.told.value]
    assert "0 from the very same address" in told.note
    assert ("IPv6" in told.note) == (prefix == 48)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "192.168.0.9", "100.64.3.4", "127.0.0.1", "fd00::1", "::ffff:10.1.2.3"]
)
def test_of_an_address_that_strangers_share_nothing_is_told(address: str) -> None:
    request, _other = asked("Ada"), asked("Bo")
    AuditOrigin.objects.update(address=address)
    assert (found(request)["addresses"].state, found(request)["addresses"].facts) == (
        "unknown",
        {"why": "shared_network"},
    )
    [told] = [one.told for one in signals(request) if "private or shared network" in one.told.note]
    assert told.value == "Could not check"


def test_an_earlier_rejection_and_a_secret_in_an_address() -> None:
    first = asked()
    reject_request(access_request=first, version=first.version, reason="Not yet", by=factories.maintainer())
    AccessRequest.objects.filter(pk=first.pk).update(decided_at=timezone.now() - timedelta(days=8))
    draft = save_draft(
        application=first.application,
        tier=first.tier,
        purpose=PURPOSE,
        expected_volume=10**9,
        users="all",
        by=first.applicant,
    )
    minted = factories.token(first.application)
    Token.objects.filter(pk=minted.token.pk).update(seen_in_query_at=timezone.now())
    signals = found(submit_request(access_request=draft, by=first.applicant))
    assert (signals["history"].state, signals["secret_in_query"].state, signals["volume"].state) == (
        "warn",
        "bad",
        "warn",
    )


def test_calls_and_refusals_of_28_days() -> None:
    request, today = asked(), timezone.now().date()
    token = factories.token(request.application).token
    of = {"workspace": request.workspace, "application": request.application, "token": token, "model": "m"}
    partitions.make([today, today - timedelta(days=28)])
    for days, code, calls in ((0, "ok", 40), (27, "tier_required", 70), (28, "ok", 1000)):
        day, counts = today - timedelta(days=days), {"calls": calls, "units": 0, "pack_units": 0}
        Usage.objects.create(day=day, operation="o", code=code, last_at=timezone.now(), **counts, **of)
    signals = found(request)
    assert signals["usage"].facts["calls"] == 110
    assert (signals["usage"].facts["days"][0], signals["usage"].facts["days"][-1]) == (70, 40)
    assert (signals["refusals"].state, signals["refusals"].facts["code"]) == ("warn", "tier_required")


def test_a_signal_that_fails_stops_no_other_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(case: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(gathering.SIGNALS, gathering.SignalKind.SPEND, broken)  # type: ignore[arg-type]
    signals = found(asked())
    assert (signals["spend"].state, signals["spend"].facts) == ("unknown", {"why": "fault"})
    assert signals["volume"].state == "ok"


def test_what_was_lost_is_handed_out_again_and_once() -> None:
    request = asked()
    assert gathering.due() == []
    AccessRequest.objects.filter(pk=request.pk).update(updated_at=timezone.now() - timedelta(minutes=1))
    assert gathering.due() == [request.pk]
    assert (tasks.gather_due(), tasks.gather_due()) == (1, 0)
    gathering.gather(request.pk)
    assert gathering.due() == []
    AccessRequest.objects.filter(pk=request.pk).update(signals_at=timezone.now() - timedelta(days=2))
    assert gathering.due() == [request.pk]


def test_the_page_shows_signals_and_links_to_what_is_alike(client: Client) -> None:
    first = asked("Dana")
    found(first)
    second = asked("Eve")
    maintainer = factories.maintainer()
    client.post("/accounts/login/", {"login": maintainer.email, "password": factories.PASSWORD})
    assert "Being gathered" in client.get(f"/review/{second.public_id}/").content.decode()
    found(second)
    page = client.get(f"/review/{second.public_id}/").content.decode()
    assert f'href="/review/{first.public_id}/"' in page
    assert "100 % the same" in page
    assert client.post(f"/review/{second.public_id}/gather/").status_code == 302


def test_signals_are_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    request = asked()
    found(request)
    with django_assert_num_queries(1):
        shown = signals(request)
    assert [one.label for one in shown][:2] == ["Domain", "Calls, 28 days"]
