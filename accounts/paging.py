"""Keyset paging: the rows after (or before) a row, found by its sort key. No OFFSET, no count of all."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, QueryDict

from accounts.ids import is_public_id

M = TypeVar("M", bound=Model)
SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of rows. `previous` and `following` are the neighbouring pages' query strings, "" at an end."""

    rows: list[M]
    previous: str = ""
    following: str = ""


def page_of(request: HttpRequest, queryset: QuerySet[M], *keys: str, size: int = SIZE) -> Page[M]:
    """The page that the address asks for with `after` or `before`, a row's public id. All other filters stay.

    Ordered by `keys` ("-id" descends; the last must be unique, none null). An id that is no row's gives the first."""
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    cursor = before or after
    anchor = queryset.model._default_manager.filter(public_id=cursor).first() if is_public_id(cursor) else None
    backwards = bool(before) and anchor is not None
    order = tuple(_turned(key) for key in keys) if backwards else keys
    found = queryset.order_by(*order)
    if anchor is not None:
        found = found.filter(_beyond(anchor, order))
    rows = list(found[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    earlier = more if backwards else anchor is not None
    later = True if backwards else more
    return Page(
        rows,
        previous=_link(request, "before", rows[0]) if earlier and rows else "",
        following=_link(request, "after", rows[-1]) if later and rows else "",
    )


def _beyond(anchor: Model, keys: tuple[str, ...]) -> Q:
    """Whatever sorts after the anchor: (a > x) or (a = x and b > y) …"""
    condition, equal = Q(), Q()
    for key in keys:
        name, side = key.removeprefix("-"), "lt" if key.startswith("-") else "gt"
        value = getattr(anchor, name)
        condition |= equal & Q(**{f"{name}__{side}": value})
        equal &= Q(**{name: value})
    return condition


def _turned(key: str) -> str:
    return key.removeprefix("-") if key.startswith("-") else f"-{key}"


def _link(request: HttpRequest, side: str, row: Model) -> str:
    query: QueryDict = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query[side] = str(getattr(row, "public_id", ""))
    return f"?{query.urlencode()}"
