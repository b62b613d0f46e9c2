"""Fifty varied access requests are decided while four people are at it: two by keyboard alone, each in a browser of
their own, one from either end of the list, and two more over HTTP who follow the page's own next."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from itertools import cycle
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db.models import F
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import AuditEvent, PlatformRole
from tests import factories
from tests.browser.conftest import Open
from tests.browser.reviewers import WORDS, AtTheKeys, OverHttp
from tests.factories import varied
from tokens import decision_mails
from tokens.models import AccessRequest, Decision

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("unhurried"),
]
ALL, OVER_HTTP = 50, 21
STEPS = (("z", "s", "m", "a"), ("i", "r", "j", "c"))
DECIDED = {"a": "approved", "c": "changes_requested", "r": "rejected"}


@pytest.fixture
def desk(transactional_db: None, live_server: LiveServer, browse: Open) -> Iterator[SimpleNamespace]:
    factories.catalogue()
    asked = varied.asked(ALL)
    ends = ("", "sort=last")
    people = [factories.person(name, PlatformRole.MAINTAINER) for name in ("Mika", "Petra", "王芳", "שרה")]
    pages = [browse(f"/review/?{end}", by=who) for who, end in zip(people, ends, strict=False)]
    at_keys = [AtTheKeys(page, steps) for page, steps in zip(pages, STEPS, strict=True)]
    callers = [OverHttp(live_server.url, who, end) for who, end in zip(people[2:], ends, strict=True)]
    # From the middle outwards, so that they meet the others late.
    starts = [asked[ALL // 2].public_id, asked[ALL // 2 - 1].public_id]
    yield SimpleNamespace(at_keys=at_keys, callers=callers, starts=starts)
    for caller in callers:
        caller.http.close()


def test_four_people_empty_the_queue_and_everything_is_decided_once(desk: SimpleNamespace) -> None:
    slower(desk)
    with ThreadPoolExecutor(2) as pool:
        working: list[Future[None]] = [
            pool.submit(caller.decide_many, start, OVER_HTTP)
            for caller, start in zip(desk.callers, desk.starts, strict=True)
        ]
        while sum(person.one_more() for person in desk.at_keys):
            pass
        for one in working:
            one.result()
    for person in desk.at_keys:
        person.page.goto("/review/?tab=snoozed")
        person.steps = cycle("a")
        while person.one_more():
            pass
        expect(person.page.get_by_text("Nothing here")).to_be_visible()
        assert person.page.complaints == []
    each_was_decided_once([*desk.at_keys, *desk.callers])
    each_was_audited_and_mailed_once()


def slower(desk: SimpleNamespace) -> None:
    """One types while another decides the very same."""
    person, other = desk.at_keys[0], desk.callers[0]
    asked = person.choose("r")
    other.decide(f"/review/{asked}/", "a")
    person.go("Control+Enter")
    expect(person.page.locator("#problem")).to_contain_text("王芳 approved this access request")
    person.told_who_was_first(WORDS["r"])
    assert person.conflicts == 1


def each_was_decided_once(everybody: list[AtTheKeys | OverHttp]) -> None:
    sent = [pair for one in everybody for pair in one.sent.items()]
    assert len(sent) == len(dict(sent)) == ALL
    standing = Decision.objects.filter(undone_at=None)
    told = standing.values_list("access_request__public_id", "outcome", "note")
    assert sorted(told) == sorted((asked, DECIDED[key], WORDS[key]) for asked, key in sent)
    states = AccessRequest.objects.values_list("public_id", "state")
    assert sorted(states) == sorted((asked, DECIDED[key]) for asked, key in sent)


def each_was_audited_and_mailed_once() -> None:
    events = Counter(AuditEvent.objects.values_list("subject_id", "action"))
    made = Counter(
        (each.access_request.public_id, f"request.{each.outcome}")
        for each in Decision.objects.select_related("access_request")
    )
    assert {
        key: number for key, number in events.items() if key[1].removeprefix("request.") in DECIDED.values()
    } == made
    undone = Decision.objects.exclude(undone_at=None).count()
    assert undone == sum(number for (_, action), number in events.items() if action == "request.undone") > 0
    mail.outbox.clear()
    Decision.objects.update(mail_at=F("mail_at") - timedelta(hours=2))
    assert [decision_mails.send_due(), decision_mails.send_due(), len(mail.outbox)] == [ALL, 0, ALL]
