"""Access requests as they come in: for a tier or a model, in every script, and some in bad faith."""

from itertools import cycle, islice

from django.db import transaction

from accounts.models import User
from tests.factories import application, person
from tiers.actions.grants import ensure_self_service_grant
from tiers.models import AIModel, Tier
from tokens.actions.requests import save_draft, submit_request
from tokens.models import AccessRequest

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 }}'"
RIGHT_TO_LEFT = "مساعد القراءة للمدارس"
CHINESE = "古籍校对助手，给学生用"
LONG_WORD = "W" * 60
TEXTS = ("A reader for schools", HOSTILE, RIGHT_TO_LEFT, CHINESE, LONG_WORD, "Zoë O’Ñandú & sons")
SUBJECTS = ("flower", "nectar", "model", "flower", "model")


def ask(by: User, text: str, subject: str, number: int) -> AccessRequest:
    """With that text in every field."""
    made = application(by=by, name=f"{number} {text}"[:60])
    made.description = text
    made.save()
    wanted = {"model": gated()} if subject == "model" else {"tier": Tier.objects.get(slug=subject)}
    draft = save_draft(
        application=made,
        purpose=f"{text} " * 8,
        users=text,
        links=text,
        expected_volume=10**number % 977,
        by=by,
        **wanted,
    )
    return submit_request(access_request=draft, by=by)


def gated() -> AIModel:
    return AIModel.objects.filter(gated=True).order_by("name")[0]


@transaction.atomic
def asked(number: int) -> list[AccessRequest]:
    """So many of them, by six people. Needs the catalogue."""
    people = [person("Applicant") for _ in TEXTS]
    for who, text in zip(people, TEXTS, strict=True):
        who.name = text[:80]
        who.save()
        ensure_self_service_grant(workspace=who.personal_workspace, by=who)
    kinds = zip(cycle(people), cycle(TEXTS), cycle(SUBJECTS), strict=False)
    return [ask(*kind, number=place) for place, kind in enumerate(islice(kinds, number))]
