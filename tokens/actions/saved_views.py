"""Views of the queue that reviewers keep under a name."""

from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.errors import Conflict, Invalid, NotAllowed
from accounts.models import User
from accounts.roles import Permission, may, require
from tokens.models.desk import SavedView

MOST: Final = 50
LONGEST: Final = SavedView._meta.get_field("query").max_length or 0


@transaction.atomic
def save_view(*, name: str, query: str, shared: bool, by: User) -> SavedView:
    """`query` is what the filters write. Raises Invalid for a name that this person has used."""
    require(by, Permission.REVIEW_READ)
    _check_sharing(shared, by)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    _check_length(query)
    if SavedView.objects.filter(owner=by).count() >= MOST:
        raise Conflict(_("You have %(number)d views. Remove one first.") % {"number": MOST})
    view = SavedView(owner=by, name=name.strip(), query=query, shared=shared)
    _write(view)
    audit.record("saved_view.added", view, by=by, workspace=None, after=_told(view))
    return view


@transaction.atomic
def edit_view(*, view: SavedView, name: str, shared: bool, by: User) -> SavedView:
    _check_own(view, by)
    _check_sharing(shared, by)
    before = _told(view)
    view.name, view.shared = name.strip(), shared
    _write(view)
    audit.record("saved_view.edited", view, by=by, workspace=None, before=before, after=_told(view))
    return view


@transaction.atomic
def change_filters(*, view: SavedView, query: str, by: User) -> SavedView:
    """Others who use a shared view get the new ones with their next look."""
    _check_own(view, by)
    _check_length(query)
    before = _told(view)
    view.query = query
    view.save(update_fields=["query"])
    audit.record("saved_view.edited", view, by=by, workspace=None, before=before, after=_told(view))
    return view


@transaction.atomic
def remove_view(*, view: SavedView, by: User) -> None:
    _check_own(view, by)
    audit.record("saved_view.removed", view, by=by, workspace=None, before=_told(view))
    view.delete()


def _check_own(view: SavedView, by: User) -> None:
    require(by, Permission.REVIEW_READ)
    if view.owner_id != by.pk:
        raise NotAllowed(_("This view belongs to somebody else."))


def _check_length(query: str) -> None:
    if len(query) > LONGEST:
        raise Invalid(_("These filters are too long to be kept."))


def _check_sharing(shared: bool, by: User) -> None:
    if shared and not may(by, Permission.REVIEW_DECIDE):
        raise NotAllowed(_("Whoever decides may share a view."))


def _write(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise Invalid(_("You have a view of this name already."), field="name") from error


def _told(view: SavedView) -> dict[str, object]:
    return {"name": view.name, "query": view.query, "shared": view.shared}
