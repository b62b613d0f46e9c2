"""The views of the queue that a reviewer sees: their own, and what others share."""

from django.db.models import Q

from accounts.errors import NotFound
from accounts.models import User
from tokens.models.desk import SavedView

MOST = 100


def views_of(person: User) -> list[SavedView]:
    found = SavedView.objects.filter(Q(owner=person) | Q(shared=True)).select_related("owner")
    return list(found.order_by("name", "pk")[:MOST])


def find_own(public_id: str, person: User) -> SavedView:
    """Raises NotFound for those of others, shared or not."""
    found = SavedView.objects.filter(public_id=public_id, owner=person).first()
    if found is None:
        raise NotFound
    return found
