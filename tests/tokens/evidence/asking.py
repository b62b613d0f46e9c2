"""Requests to gather signals about."""

from typing import Any

from tests import factories
from tiers.models import Tier
from tokens.actions.applications import create_application
from tokens.actions.requests import save_draft, submit_request
from tokens.evidence import gathering
from tokens.models import AccessRequest, Signal

PURPOSE = "A reading aid for pupils, which reads a page of their school book aloud and explains the hard words."


def asked(name: str = "Dana", *, purpose: str = PURPOSE, links: str = "", **values: Any) -> AccessRequest:
    person = factories.person(name)
    workspace = person.memberships.get().workspace
    application = create_application(workspace=workspace, name=f"Lantern of {name}", by=person, **values)
    texts = {"purpose": purpose, "expected_volume": 800, "users": "200 pupils", "links": links}
    draft = save_draft(application=application, tier=Tier.objects.get(slug="flower"), by=person, **texts)
    return submit_request(access_request=draft, by=person)


def found(access_request: AccessRequest) -> dict[str, Signal]:
    gathering.gather(access_request.pk)
    return {signal.kind: signal for signal in Signal.objects.filter(access_request=access_request)}
