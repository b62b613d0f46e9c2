"""Replies to insert: kept by administrators, filled safely, in the applicant's language."""

from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import AuditEvent, PlatformRole, User
from tests import factories
from tokens.models import AccessRequest, CannedReply, Domain
from tokens.replies import fill

from .conftest import ask, signed_in
from .test_review_pages import address, text

REPLIES = "/review/replies/"
WHO = {"outcome": "changes", "label_en": "Who runs it", "text_en": "Who runs {application}, {applicant}?"}
CHINESE = {"label_zh": "谁在运行", "text_zh": "谁在运行 {application}？"}


@pytest.fixture
def admin(db: None) -> Client:
    CannedReply.objects.all().delete()
    factories.catalogue()
    return signed_in(factories.person("Ada", PlatformRole.ADMINISTRATOR))


def labels() -> list[str]:
    return list(CannedReply.objects.filter(retired_at=None).values_list("label_en", flat=True))


def reply(label: str) -> CannedReply:
    return CannedReply.objects.get(label_en=label)


def test_one_is_added_edited_moved_and_retired(admin: Client) -> None:
    for label in ("First", "Second", "Third"):
        assert admin.post(REPLIES, {**WHO, "label_en": label}).status_code == 302
    admin.post(f"{REPLIES}{reply('Third').public_id}/move/", {"to": "up"})
    assert labels() == ["First", "Third", "Second"]
    admin.post(f"{REPLIES}{reply('Second').public_id}/move/", {"to": "down"})
    assert labels() == ["First", "Third", "Second"]
    admin.post(f"{REPLIES}{reply('First').public_id}/", {**WHO, **CHINESE, "label_en": "Renamed"})
    assert (labels(), reply("Renamed").text_zh) == (["Renamed", "Third", "Second"], CHINESE["text_zh"])
    admin.post(f"{REPLIES}{reply('Third').public_id}/retire/")
    assert labels() == ["Renamed", "Second"]
    assert admin.get(f"{REPLIES}{reply('Third').public_id}/").status_code == 404
    told = AuditEvent.objects.filter(action__startswith="canned_reply.").order_by("id").values_list("action", flat=True)
    assert list(told)[3:] == ["canned_reply.moved", "canned_reply.edited", "canned_reply.retired"]
    page = text(admin, REPLIES)
    assert "Renamed" in page
    assert "Third" not in page


def test_what_is_missing_is_said(admin: Client) -> None:
    response = admin.post(REPLIES, {**WHO, "text_en": " "})
    assert response.status_code == 422
    assert labels() == []


def test_reviewers_insert_them_in_the_applicant_s_language(admin: Client) -> None:
    admin.post(REPLIES, {**WHO, **CHINESE})
    english, chinese = ask("Reader"), ask("古籍")
    User.objects.filter(pk=chinese.applicant_id).update(locale="zh-hans")
    assert 'data-insert="Who runs Reader, Noor?"' in text(admin, address(english))
    page = text(admin, address(chinese))
    assert 'data-insert="谁在运行 古籍？"' in page
    assert "Who runs it</button>" in page
    begun = text(admin, f"{address(english)}?decision=changes&reply={reply('Who runs it').public_id}")
    assert ">Who runs Reader, Noor?</textarea>" in begun


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{application} of {applicant} on {tier}", "{tier} of {domain} on flower"),
        ("{unknown} {0} {application.__class__} {} {{tier}}", "{unknown} {0} {application.__class__} {} {flower}"),
        ("{model}", "–"),
        ("%(application)s %s ${tier}", "%(application)s %s $flower"),
    ],
)
def test_placeholders_are_filled_once_and_nothing_else_is(given: str, expected: str, desk: SimpleNamespace) -> None:
    asked = ask("{tier}")
    User.objects.filter(pk=asked.applicant_id).update(name="{domain}")
    assert fill(given, AccessRequest.objects.get(pk=asked.pk)) == expected


def test_the_proved_domain_comes_first(desk: SimpleNamespace) -> None:
    asked = ask("Reader")
    for host in ("first.example", "proved.example"):
        proved = asked.submitted_at if host.startswith("proved") else None
        values = {"workspace": asked.workspace, "application": asked.application, "proof": "x"}
        method = {"proved_at": proved, "proved_method": "dns"} if proved else {}
        Domain.objects.create(**values, host=host, **method)
    assert fill("{domain}", AccessRequest.objects.get(pk=asked.pk)) == "proved.example"
