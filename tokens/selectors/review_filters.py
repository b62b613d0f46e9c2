"""What the address of the review desk asks for: a tab, filters, a search, an order, a page."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.ids import is_public_id
from accounts.models import User
from tiers.models import Tier
from tokens.models import AccessRequest, RequestState
from tokens.models.desk import Mention, ReviewGroup
from tokens.models.requests import TO_DECIDE
from tokens.models.signals import Signal, SignalKind, SignalState
from tokens.selectors.review_search import FEW, matching

PENDING, WAITING, SNOOZED, DECIDED = "pending", "waiting", "snoozed", "decided"
TAB_LABELS: Final = {
    PENDING: _("To decide"),
    WAITING: _("Waiting on applicant"),
    SNOOZED: _("Snoozed"),
    DECIDED: _("Decided"),
}
STATES: Final = {
    PENDING: TO_DECIDE,
    WAITING: (RequestState.CHANGES_REQUESTED,),
    SNOOZED: TO_DECIDE,
    DECIDED: (RequestState.APPROVED, RequestState.REJECTED, RequestState.WITHDRAWN),
}
NEW_FOR: Final = timedelta(hours=24)
AGES: Final = {
    "new": _("Under a day"),
    "old": _("A day or more"),
    "over": _("Past due"),
    "escalated": _("Brought to others"),
}
LANGUAGES: Final = {"en": "English", "zh-hans": "简体中文"}
KINDS: Final = {"tier": _("For a tier"), "model": _("For a model")}
ME, NOBODY = "me", "nobody"
SPEAKS_AGAINST: Final = (SignalState.WARN, SignalState.BAD)
_OWN: Final = {"tab", "find", "sort", "after", "before"}


@dataclass(frozen=True, slots=True)
class Filters:
    """As the address says it, each "" where it does not. `who`: "me", "nobody", or a reviewer's public id, who has it
    assigned or claimed. `sort`: "last" turns the order round."""

    tab: str = PENDING
    tier: str = ""
    model: str = ""
    kind: str = ""
    age: str = ""
    who: str = ""
    group: str = ""
    signal: str = ""
    language: str = ""
    mentions: str = ""
    find: str = ""
    sort: str = ""
    after: str = ""
    before: str = ""

    @property
    def number(self) -> int:
        """How many filters there are, without the search."""
        return sum(1 for field in fields(self) if field.name not in _OWN and getattr(self, field.name))

    @property
    def narrow(self) -> bool:
        return bool(self.number or self.find)

    def query(self, *, paged: bool = False) -> str:
        """As a query string, so that links keep them. The place in the list only where it is asked for."""
        names = [field.name for field in fields(self) if paged or field.name not in ("after", "before")]
        return urlencode({name: getattr(self, name) for name in names if getattr(self, name)})

    def on(self, tab: str) -> "Filters":
        return replace(self, tab=tab, after="", before="")


def read(query: QueryDict, tab: str = PENDING) -> Filters:
    """What an address asks for; whatever it says that means nothing is left out. `tab`: where it names none."""
    return Filters(**{"tab": tab, **{name: value for name, value in _given(query).items() if ALLOWED[name](value)}})


def left_out(query: QueryDict) -> dict[str, str]:
    """What an address says that means nothing, by filter."""
    return {name: value for name, value in _given(query).items() if not ALLOWED[name](value)}


def _given(query: QueryDict) -> dict[str, str]:
    given = {name: query.get(name, "").replace("\0", "").strip()[:100] for name in ALLOWED}
    return {name: value for name, value in given.items() if value}


def _short(text: str) -> bool:
    return len(text) <= 64


ALLOWED: Final = {
    "tab": TAB_LABELS.__contains__,
    "tier": _short,
    "model": _short,
    "kind": KINDS.__contains__,
    "age": AGES.__contains__,
    "who": lambda text: text in (ME, NOBODY) or is_public_id(text),
    "group": is_public_id,
    "signal": SignalKind.values.__contains__,
    "language": LANGUAGES.__contains__,
    "mentions": "me".__eq__,
    "find": lambda text: True,
    "sort": "last".__eq__,
    "after": is_public_id,
    "before": is_public_id,
}


def visible() -> QuerySet[AccessRequest]:
    """What reviewers see: all that was ever submitted."""
    return AccessRequest.objects.filter(submitted_at__isnull=False)


def in_tab(tab: str, now: datetime | Now) -> QuerySet[AccessRequest]:
    """Those of one tab. A snooze ends by the clock, which PostgreSQL can be left to read."""
    found = visible().filter(state__in=STATES[tab])
    if tab == PENDING:
        return found.filter(Q(snoozed_at=None) | Q(snoozed_until__lte=now))
    if tab == SNOOZED:
        return found.filter(Q(snoozed_until=None) | Q(snoozed_until__gt=now), snoozed_at__isnull=False)
    return found


def tab_of(access_request: AccessRequest, now: datetime) -> str:
    if access_request.state in TO_DECIDE:
        until = access_request.snoozed_until
        asleep = access_request.snoozed_at is not None and (until is None or until > now)
        return SNOOZED if asleep else PENDING
    return WAITING if access_request.state == RequestState.CHANGES_REQUESTED else DECIDED


def order(filters: Filters) -> tuple[str, ...]:
    """Oldest due first; of what was decided, the newest. Each is an index, read one way or the other."""
    first_due = filters.tab != DECIDED
    keys = ("due_at", "id") if first_due else ("updated_at", "id")
    forwards = first_due != (filters.sort == "last")
    return keys if forwards else tuple(f"-{key}" for key in keys)


def narrowed(filters: Filters, viewer: User, now: datetime) -> QuerySet[AccessRequest]:
    """Those of the tab that match every filter and the search."""
    found = in_tab(filters.tab, now).filter(_plain(filters), _aged(filters, now), _held_by(filters.who, viewer))
    if filters.signal:
        found = found.filter(_spoken_against(filters.signal))
    if filters.mentions:
        found = found.filter(pk__in=Mention.objects.filter(person=viewer).values("message__access_request"))
    return found.filter(matching(filters.find)) if filters.find else found


def _spoken_against(kind: str) -> Q:
    """Asks the database whether there are few, which are then named: PostgreSQL cannot know that hardly any of a kind
    speak against, and would look at all that wait."""
    against = Signal.objects.filter(kind=kind, state__in=SPEAKS_AGAINST)
    few = list(against.values_list("access_request", flat=True)[: FEW + 1])
    return Q(pk__in=few) if len(few) <= FEW else Q(Exists(against.filter(access_request=OuterRef("pk"))))


def _plain(filters: Filters) -> Q:
    asked = Q()
    if filters.tier:
        asked &= _of(Tier.objects.filter(slug=filters.tier), "tier")
    if filters.model:
        asked &= Q(model__name=filters.model)
    if filters.kind:
        asked &= Q(tier__isnull=filters.kind == "model")
    if filters.group:
        asked &= _of(ReviewGroup.objects.filter(public_id=filters.group), "group")
    if filters.language:
        asked &= Q(language=filters.language)
    return asked


def _of(named: QuerySet[Any], *columns: str) -> Q:
    """That it is who or what is named, in one of the columns. Which one that is, the database is asked before: only of
    one that PostgreSQL knows can it tell that few are theirs, and enter an index at them."""
    pk = named.values_list("pk", flat=True).first()
    return Q(*((column, pk) for column in columns), _connector=Q.OR) if pk is not None else Q(pk__in=[])


def _aged(filters: Filters, now: datetime) -> Q:
    match filters.age:
        case "new":
            new = Q(submitted_at__gt=now - NEW_FOR)
            return new & _from_the_first_due(new) if filters.tab == PENDING else new
        case "old":
            return Q(submitted_at__lte=now - NEW_FOR)
        case "over":
            return Q(due_at__lt=now)
        case "escalated":
            return Q(escalated_at__isnull=False)
    return Q()


def _from_the_first_due(new: Q) -> Q:
    """What is new is due late, so that in the order of what is due PostgreSQL would pass by all that is older. The sum
    keeps it from looking for the least in that very order."""
    due = ExpressionWrapper(F("due_at") + timedelta(0), DateTimeField())
    waiting = AccessRequest.objects.filter(new, state__in=TO_DECIDE).order_by()
    first = waiting.annotate(all=Value(1)).values("all").annotate(first=Min(due)).values("first")
    return Q(due_at__gte=Subquery(first))


def _held_by(who: str, viewer: User) -> Q:
    if who == NOBODY:
        return Q(claimed_by=None, assigned_to=None)
    if who == ME:
        return Q(claimed_by=viewer) | Q(assigned_to=viewer)
    return _of(User.objects.filter(public_id=who), "claimed_by", "assigned_to") if who else Q()
