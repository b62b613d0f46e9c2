"""Reviewers named in a note: found as people type them, told, and marked seen."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import PlatformRole, User
from tests import factories
from tokens import tasks
from tokens.actions.mentions import named_in
from tokens.actions.requests import add_message
from tokens.models import AccessRequest, Mention, RequestMessage

from .conftest import ask, signed_in


def people(*names: str) -> list[User]:
    return [User(id=number, name=name) for number, name in enumerate(names, 1)]


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("@Petra look", ["Petra"], ["Petra"]),
        ("(@petra)", ["Petra"], ["Petra"]),
        ("@Petra Maier, and you?", ["Petra", "Petra Maier"], ["Petra Maier"]),
        ("@Petra and @Petra Maier", ["Petra", "Petra Maier"], ["Petra Maier", "Petra"]),
        ("请@王芳看一下", ["王芳"], ["王芳"]),
        ("＠王芳看", ["王芳"], ["王芳"]),
        ("@שרה תראי", ["שרה"], ["שרה"]),
        ("mail me@petra.example", ["Petra"], []),
        ("@Petrarca wrote", ["Petra"], []),
        ("Petra", ["Petra"], []),
        ("@Anna", ["Anna", "Anna"], ["Anna", "Anna"]),
    ],
)
def test_who_is_named(text: str, names: list[str], found: list[str]) -> None:
    assert [person.name for person in named_in(text, people(*names))] == found


def test_the_named_one_has_a_mail_and_sees_it_once(desk: SimpleNamespace) -> None:
    asked, petra = ask(), factories.person("Petra", PlatformRole.MAINTAINER)
    add_message(access_request=asked, text="@Petra and @Mika?", by=desk.maintainer, internal=True)
    mention = Mention.objects.get()
    assert (mention.person, mention.seen_at) == (petra, None)
    tasks.tell_person(asked.pk, "request.mentioned", petra.pk, mention.message_id)
    assert (mail.outbox[0].to, "@Petra and @Mika?" in mail.outbox[0].body) == ([petra.email], True)
    assert f"/review/{asked.public_id}/?part=conversation-h" in mail.outbox[0].body
    desk.client.get(f"/review/{asked.public_id}/")
    mention.refresh_from_db()
    assert mention.seen_at is None
    signed_in(petra).get(f"/review/{asked.public_id}/")
    mention.refresh_from_db()
    assert mention.seen_at is not None


def test_a_mention_in_what_the_applicant_reads_is_asked_about_and_kept(desk: SimpleNamespace) -> None:
    asked = ask()
    factories.person("Petra", PlatformRole.MAINTAINER)
    path, text = f"/review/{asked.public_id}/remark/", "@Petra: a reseller?"
    refused = desk.client.post(path, {"text": text, "to": "applicant"})
    assert refused.status_code == 422
    assert text in refused.content.decode()
    assert "the applicant would read this" in refused.content.decode()
    assert not RequestMessage.objects.exists()
    assert desk.client.post(path, {"text": text, "to": "reviewers"}).status_code == 302
    assert Mention.objects.count() == 1


def test_nobody_who_may_not_read_it_is_mentioned(desk: SimpleNamespace) -> None:
    asked = ask()
    insider = factories.person("Inga", PlatformRole.MAINTAINER)
    factories.join(asked.workspace, insider)
    add_message(access_request=asked, text="@Inga @Noor", by=desk.maintainer, internal=True)
    assert not Mention.objects.exists()


def test_a_mention_shows_at_the_next_look_of_the_page(desk: SimpleNamespace) -> None:
    asked, petra = ask(), factories.person("Petra", PlatformRole.MAINTAINER)
    long_ago = timezone.now() - timedelta(hours=1)
    AccessRequest.objects.filter(pk=asked.pk).update(updated_at=long_ago, signals_at=long_ago)
    live = {"since": timezone.now().isoformat()}
    for client in (desk.client, signed_in(petra)):
        assert client.get("/review/live/", live).status_code == 204
    add_message(access_request=asked, text="@Petra look", by=desk.maintainer, internal=True)
    AccessRequest.objects.filter(pk=asked.pk).update(updated_at=long_ago)
    assert desk.client.get("/review/live/", live).status_code == 204
    [row] = signed_in(petra).get("/review/live/", live).context["rows"]
    assert row.mentioned
    signed_in(petra).get(f"/review/{asked.public_id}/")
    assert signed_in(petra).get("/review/live/", live).status_code == 204
