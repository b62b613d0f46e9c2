"""What every full page needs around its own content. Lazy: a fragment that has no shell costs no query."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import SESSION_KEY
from accounts.models import Membership, User, Workspace
from accounts.roles import PLATFORM_PERMISSIONS, Permission
from config import navigation
from config.theme import theme_of
from tiers.models import Alarm, Order
from tiers.selectors.orders import NEEDS_ATTENTION
from tokens.models import AccessRequest
from tokens.models.requests import TO_DECIDE, RequestState
from tokens.selectors.review_filters import PENDING, in_tab

UNDECIDED = (*TO_DECIDE, RequestState.CHANGES_REQUESTED)


@dataclass
class Shell:
    """The frame of a page: who looks at it, in which workspace, and where they may go."""

    request: HttpRequest

    @cached_property
    def person(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) else None

    @cached_property
    def items(self) -> list[navigation.Item]:
        match = self.request.resolver_match
        role = self.person.role if self.person else None
        return navigation.items_for(role, match.view_name if match else "", self._waiting())

    @cached_property
    def sections(self) -> list[tuple[navigation.Section, list[navigation.Item]]]:
        return navigation.at_the_side(self.items, self.reviews)

    @cached_property
    def reviews(self) -> bool:
        return self._has(Permission.REVIEW_READ)

    def _has(self, permission: Permission) -> bool:
        return self.person is not None and permission in PLATFORM_PERMISSIONS[self.person.role]

    @cached_property
    def workspaces(self) -> list[Workspace]:
        """The person's own workspaces, the personal one first."""
        person = self.person
        if person is None:
            return []
        memberships = Membership.objects.filter(user=person).select_related("workspace")
        found = [membership.workspace for membership in memberships]
        return sorted(found, key=lambda w: (w.personal_of_id != person.pk, w.name.casefold(), w.pk))

    @cached_property
    def workspace(self) -> Workspace | None:
        """The one they work in: chosen last (kept in the session), else the personal one."""
        given: Any = getattr(self.request, "workspace", None)
        if isinstance(given, Workspace):
            return given
        chosen = self.request.session.get(SESSION_KEY) if hasattr(self.request, "session") else None
        return next((w for w in self.workspaces if w.public_id == chosen), next(iter(self.workspaces), None))

    def _waiting(self) -> dict[str, str]:
        """What waits: for reviewers access requests to decide, for staff open alarms, for others the access requests
        of their workspace and its orders."""
        if self.reviews:
            counted: str | None = getattr(self.request, "to_decide", None)
            if counted is None:
                counted = _up_to_99(in_tab(PENDING, Now()))
            waiting = {"review:queue": counted}
            if self._has(Permission.PAYMENTS_READ):
                waiting["events"] = _up_to_99(Alarm.objects.filter(resolved_at=None))
            return waiting
        if self.workspace is None:
            return {}
        own = AccessRequest.objects.filter(workspace=self.workspace, state__in=UNDECIDED)
        orders = Order.objects.filter(workspace=self.workspace, state__in=NEEDS_ATTENTION)
        return {"requests:list": _up_to_99(own), "orders:list": _up_to_99(orders)}

    @property
    def theme(self) -> str:
        return theme_of(self.request)

    @property
    def single_keys(self) -> bool:
        return self.person is None or self.person.single_keys


def _up_to_99(waiting: QuerySet[Any]) -> str:
    """The number as shown: "" for none. Never counts on, however long the list."""
    number = waiting[:100].count()
    return "99+" if number > 99 else str(number or "")


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": SimpleLazyObject(lambda: Shell(request))}
