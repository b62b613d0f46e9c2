"""What the developer's home reads beside the applications."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Exists, Model, OuterRef, QuerySet, When
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from tokens.models import AccessRequest, Application, Domain, RequestState, Token
from tokens.models.requests import DECIDED, OPEN
from tokens.selectors.requests import joined

LATELY = timedelta(days=14)


def open_request(workspace: Workspace) -> AccessRequest | None:
    """The access request to look at first: one that waits for the person, then one that is sent, then a draft."""
    urgency = Case(
        When(state=RequestState.CHANGES_REQUESTED, then=0), When(state=RequestState.DRAFT, then=2), default=1
    )
    return joined().filter(workspace=workspace, state__in=OPEN).order_by(urgency, "-id").first()


def lately_decided(workspace: Workspace, now: datetime) -> QuerySet[AccessRequest]:
    found = joined().filter(workspace=workspace, state__in=DECIDED, decided_at__gt=now - LATELY)
    return found.order_by("-decided_at")[:3]


@dataclass(frozen=True, slots=True)
class Steps:
    """The first steps, how many are done, and the one to do next (None: all are done)."""

    all: list["Step"]

    @property
    def done(self) -> int:
        return sum(step.done for step in self.all)

    @property
    def percent(self) -> float:
        return 100 * self.done / len(self.all)

    @property
    def following(self) -> "Step | None":
        return next((step for step in self.all if not step.done), None)


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps; `href` is where it is done."""

    label: Promise
    done: bool
    href: str
    why: Promise | str = ""


def first_steps(workspace: Workspace) -> Steps:
    """From nothing to a safe production use, each read from what is there. One query."""
    facts = (
        Workspace.objects.filter(pk=workspace.pk)
        .annotate(
            has_application=_exists(Application),
            has_token=_exists(Token),
            has_call=_exists(Token, last_used_at__isnull=False),
            has_domain=_exists(Domain, proved_at__isnull=False),
            people=Count("memberships"),
        )
        .get()
    )
    applications = reverse("applications:list")
    steps = [
        Step(_("Create an application"), facts.has_application, reverse("applications:new")),
        Step(_("Get the first token"), facts.has_token, reverse("tokens:new")),
        Step(_("Make a call"), facts.has_call, reverse("tokens:list"), _("The token’s page shows when it was used")),
        Step(_("Prove your domain"), facts.has_domain, applications, _("Reviewers see that it is yours")),
        Step(
            _("Add a second person"),
            facts.people > 1,
            reverse("workspace:members"),
            _("So that rotation never waits for one"),
        ),
    ]
    return Steps(steps)


def _exists(model: type[Model], **conditions: object) -> Exists:
    return Exists(model._default_manager.filter(workspace=OuterRef("pk"), **conditions))
