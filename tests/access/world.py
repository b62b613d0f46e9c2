"""One workspace with one of everything, and a visitor of every kind, signed in as people sign in."""

from dataclasses import dataclass, field
from http.cookies import SimpleCookie

from django.conf import settings
from django.test import Client

from accounts.actions.invitations import invite_member
from accounts.actions.workspaces import create_workspace
from accounts.audit import System
from accounts.invitations import secret_for
from accounts.models import PlatformRole, User, Workspace
from tests import factories
from tests.access import table
from tests.factories import payments, shop
from tests.factories.issues import an_issue
from tiers.actions.orders import open_checkout, place_order
from tiers.actions.products import add_product
from tiers.actions.webhook_sources import add_source
from tiers.models import AIModel, Grant, Order, Provider, Tier
from tokens.actions import issue_forms
from tokens.actions.applications import add_domain, create_application
from tokens.actions.canned_replies import add_reply
from tokens.actions.gateways import add_gateway
from tokens.actions.issue_import import take_in
from tokens.actions.requests import save_draft, submit_request
from tokens.actions.review_groups import make_group
from tokens.actions.rules import create_rule
from tokens.actions.saved_views import save_view
from tokens.models import AccessRequest, Application, IssueForm, Rule
from tokens.models.desk import SavedView

NOBODYS_ID = "0123456789ab"
ROLES = {
    table.MAINTAINER: PlatformRole.MAINTAINER,
    table.AUDITOR: PlatformRole.AUDITOR,
    table.ADMINISTRATOR: PlatformRole.ADMINISTRATOR,
}


@dataclass
class World:
    workspace: Workspace
    people: dict[str, User]
    arguments: dict[str, dict[str, str]]
    cookies: dict[str, SimpleCookie] = field(default_factory=dict)
    # Whether the page at an address takes a method, as far as that was asked.
    taken: dict[tuple[str, str], bool] = field(default_factory=dict)

    def browser(self, who: str, **options: bool) -> Client:
        """A new browser with this visitor's cookies: what one call does to them no other sees."""
        client = Client(raise_request_exception=False, **options)
        client.cookies = SimpleCookie({name: morsel.value for name, morsel in self.cookies.get(who, {}).items()})
        return client

    def path(self, address: str, **instead: str) -> str:
        """The address with the ids of what the workspace has, or with others instead."""
        arguments = next((given for start, given in self.arguments.items() if address.startswith(start)), {})
        path = f"/{address}"
        for kind in ("str", "slug", "int"):
            for name, value in {**arguments, **instead}.items():
                path = path.replace(f"<{kind}:{name}>", value)
        return path


def build() -> World:
    factories.catalogue()
    people = {who: factories.person(who.title(), ROLES.get(who, "developer")) for who in table.VISITORS[1:]}
    owner = people[table.OWNER]
    workspace = create_workspace(name="Garden", by=owner)
    factories.join(workspace, people[table.MEMBER])
    application = create_application(workspace=workspace, name="Lantern", by=owner)
    world = World(workspace, people, _arguments(workspace, application, people))
    for who, person in people.items():
        world.cookies[who] = _signed_in(person, workspace if who in (table.MEMBER, table.OWNER) else None)
    return world


def _arguments(workspace: Workspace, application: Application, people: dict[str, User]) -> dict[str, dict[str, str]]:
    """By how an address begins: the ids of real things, all of them the workspace's or the platform's."""
    owner = people[table.OWNER]
    invitation = invite_member(workspace=workspace, email="guest@example.com", role="member", by=owner)
    minted = factories.token(application)
    gateway = add_gateway(name="edge", kind="nginx", by=people[table.ADMINISTRATOR]).gateway
    texts = {"label_en": "Who", "text_en": "Who runs it?"}
    reply = add_reply(outcome="changes", **texts, by=people[table.ADMINISTRATOR])
    group = make_group(name="Early birds", members=[], by=people[table.ADMINISTRATOR])
    domain = add_domain(application=application, host="lantern.example.com", by=owner)
    return {
        "accounts/": {"pk": "1"},
        "applications/": {"public_id": application.public_id, "domain_id": domain.public_id},
        "tokens/": {"public_id": minted.token.public_id},
        "requests/": {"public_id": sent(application).public_id},
        "review/rules/": {"public_id": a_rule(people[table.ADMINISTRATOR]).public_id, "number": "1"},
        "review/groups/": {"public_id": group.public_id},
        "review/replies/": {"public_id": reply.public_id},
        "review/imports/": imported(people[table.ADMINISTRATOR]),
        "webhooks/github/issues/": {"public_id": IssueForm.objects.get().public_id},
        "review/views/": {"public_id": view_of(people[table.MAINTAINER]).public_id},
        "review/": {"public_id": AccessRequest.objects.get().public_id},
        "invitations/": {"public_id": invitation.public_id, "secret": secret_for(invitation.public_id)},
        "workspace/invitations/": {"public_id": invitation.public_id},
        "workspace/members/": {"public_id": people[table.MEMBER].public_id},
        "catalogue/tiers/": {"slug": "flower"},
        "catalogue/models/": {"public_id": AIModel.objects.get(name="gpt-4o-mini").public_id},
        "sandbox/": {"public_id": checkout_of(workspace, owner).public_id},
        "gateways/": {"public_id": gateway.public_id},
        "webhooks/": {"source": "demo"},
        "orders/": {"public_id": shop.tell("order.pending", shop.offer(), workspace).public_id},
        "holdings/applications/": {"public_id": application.public_id},
        "holdings/workspaces/": {"public_id": workspace.public_id},
        "holdings/": {"public_id": Grant.objects.get(workspace=workspace).public_id},
        "catalogue/products/": {"slug": "flower"},
        "events/sources/": {"public_id": add_source(name="kiosk", by=people[table.ADMINISTRATOR]).source.public_id},
        "events/alarms/": {"public_id": payments.alarm().public_id},
        "events/orders/": {"public_id": payments.paid(workspace).public_id},
        "events/": {"public_id": payments.told("order.pending", workspace=workspace).public_id},
    }


def a_rule(by: User) -> Rule:
    """One that approves, with its first version, switched off."""
    asked = [{"field": "tier", "value": ["flower"]}]
    version = create_rule(name="Known", effect="approve", position=1, conditions=asked, actions={}, by=by)
    return version.rule


def checkout_of(workspace: Workspace, by: User) -> Order:
    """An order whose checkout at the sandbox is open."""
    values = {"name": "Flower", "tier": Tier.objects.get(slug="flower"), "amount": 500, "currency": "USD"}
    product = add_product(slug="flower", kind="tier", values=values, reason="New", by=System("tests")).product
    order = place_order(workspace=workspace, product=product, name=Provider.SANDBOX, by=by)
    return open_checkout(order=order, back=f"{settings.SITE_URL}/", by=by)


def imported(by: User) -> dict[str, str]:
    """A repository, and an issue of it."""
    form = issue_forms.add_form(repository="garden/requests", headings={}, by=by).form
    take_in(form=form, issues=[an_issue()])
    return {"public_id": form.public_id, "issue_id": form.issues.get().public_id}


def view_of(reviewer: User) -> SavedView:
    return save_view(name="Mine", query="tab=pending", shared=False, by=reviewer)


def sent(application: Application) -> AccessRequest:
    """An access request for flower that awaits review."""
    values = {"purpose": "A reading aid for pupils", "expected_volume": 500, "users": "200 pupils"}
    flower, by = Tier.objects.get(slug="flower"), application.created_by
    return submit_request(access_request=save_draft(application=application, tier=flower, by=by, **values), by=by)


def _signed_in(person: User, workspace: Workspace | None) -> SimpleCookie:
    """Signed in with the password a moment ago, so that nothing asks for it again."""
    client = Client()
    answer = client.post("/accounts/login/", {"login": person.email, "password": factories.PASSWORD})
    assert client.session.get("_auth_user_id") == str(person.pk)
    if workspace is not None:
        answer = client.post("/workspace/switch/", {"workspace": workspace.public_id})
        assert answer.status_code == 302
    return SimpleCookie({settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value})


def draft(world: World) -> AccessRequest:
    """One for nectar that nobody has sent."""
    application = Application.objects.get(workspace=world.workspace)
    return save_draft(application=application, tier=Tier.objects.get(slug="nectar"), by=application.created_by)
