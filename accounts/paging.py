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
    """One page of rows. `before` and `after` are cursors (public ids) of the neighbouring pages, "" at an end."""

    rows: list[M]
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class LinkedPage(Generic[M]):
    """One page of rows. `previous` and `following` are the neighbouring pages' query strings, "" at an end."""

    rows: list[M]
    previous: str = ""
    following: str = ""


def page_of(request: HttpRequest, queryset: QuerySet[M], *keys: str, size: int = SIZE) -> LinkedPage[M]:
    """The page that the address asks for with `after` or `before`. All other filters stay."""
    before, after = request.GET.get("before", ""), request.GET.get("after", "")
    found = page(queryset, keys, size=size, after=after, before=before)
    return LinkedPage(found.rows, **links(request, before=found.before, after=found.after))


def links(request: HttpRequest, *, before: str, after: str) -> dict[str, str]:
    """The neighbouring pages' query strings, as the tag `pager` takes them, with the filters kept."""
    return {"previous": _link(request, "before", before), "following": _link(request, "after", after)}


def page(queryset: QuerySet[M], keys: tuple[str, ...], *, size: int, after: str = "", before: str = "") -> Page[M]:
    """A page ordered by `keys` ("-id" descends; the last key must be unique and none null). A cursor that names no
    row of the model gives the first page."""
    cursor = before or after
    anchor = _anchor(queryset.model, cursor, keys) if is_public_id(cursor) else None
    backwards = bool(before) and anchor is not None
    order = tuple(_turned(key) for key in keys) if backwards else keys
    found = queryset.order_by(*order)
    if anchor is not None:
        found = found.filter(beyond(anchor, order))
    rows = list(found[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    earlier = more if backwards else anchor is not None
    later = True if backwards else more
    return Page(
        rows,
        before=_cursor(rows, 0) if earlier else "",
        after=_cursor(rows, -1) if later else "",
    )


def _anchor(model: type[M], public_id: str, keys: tuple[str, ...]) -> M | None:
    names = [key.removeprefix("-") for key in keys]
    return model._default_manager.only(*names).filter(public_id=public_id).first()


def beyond(anchor: Model, keys: tuple[str, ...]) -> Q:
    """Whatever sorts after the anchor: (a > x) or (a = x and b > y) … And a >= x, which follows from it: by that an
    index is entered at the anchor, and not read up to it."""
    condition, equal = Q(), Q()
    for key in keys:
        name, side = key.removeprefix("-"), "lt" if key.startswith("-") else "gt"
        value = getattr(anchor, name)
        condition |= equal & Q(**{f"{name}__{side}": value})
        equal &= Q(**{name: value})
    first = keys[0].removeprefix("-")
    return Q(**{f"{first}__{'lte' if keys[0].startswith('-') else 'gte'}": getattr(anchor, first)}) & condition


def _turned(key: str) -> str:
    return key.removeprefix("-") if key.startswith("-") else f"-{key}"


def _cursor(rows: list[M], index: int) -> str:
    return str(getattr(rows[index], "public_id", "")) if rows else ""


def _link(request: HttpRequest, side: str, cursor: str) -> str:
    if not cursor:
        return ""
    query: QueryDict = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query[side] = cursor
    return f"?{query.urlencode()}"
