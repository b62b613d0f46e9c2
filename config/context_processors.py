"""What every full page needs around its own content. Lazy: a fragment that has no shell costs no query."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.access import SESSION_KEY
from accounts.models import Membership, User, Workspace
from accounts.roles import PLATFORM_PERMISSIONS, Permission
from config import navigation
from config.theme import theme_of


@dataclass
class Shell:
    """The frame of a page: who looks at it, in which workspace, and where they may go."""

    request: HttpRequest

    @cached_property
    def person(self) -> User | None:
        user = getattr(self.request, "user", None)
        return user if isinstance(user, User) or getattr(user, "is_authenticated", False) else None

    @cached_property
    def items(self) -> list[navigation.Item]:
        match = self.request.resolver_match
        return navigation.items_for(self.person.role if self.person else None, match.view_name if match else "")

    @cached_property
    def sections(self) -> list[tuple[navigation.Section, list[navigation.Item]]]:
        return navigation.at_the_side(self.items, self.reviews)

    @cached_property
    def reviews(self) -> bool:
        return self.person is not None and Permission.REVIEW_READ in PLATFORM_PERMISSIONS[self.person.role]

    @cached_property
    def workspaces(self) -> list[Workspace]:
        """The person's own workspaces, the personal one first."""
        if self.person is None:
            return []
        memberships = Membership.objects.filter(user=self.person).select_related("workspace")
        found = [membership.workspace for membership in memberships]
        return sorted(found, key=lambda w: (w.personal_of_id is None, w.name.casefold(), w.pk))

    @cached_property
    def workspace(self) -> Workspace | None:
        """The one they work in: chosen last (kept in the session), else the personal one."""
        given: Any = getattr(self.request, "workspace", None)
        if isinstance(given, Workspace):
            return given
        chosen = self.request.session.get(SESSION_KEY) if hasattr(self.request, "session") else None
        return next((w for w in self.workspaces if w.public_id == chosen), next(iter(self.workspaces), None))

    @property
    def theme(self) -> str:
        return theme_of(self.request)

    @property
    def single_keys(self) -> bool:
        return self.person is None or self.person.single_keys


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": SimpleLazyObject(lambda: Shell(request))}
