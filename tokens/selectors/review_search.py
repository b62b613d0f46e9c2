"""Finding access requests by a part of the application's name, of the applicant's, or of a domain, by words of the
purpose, by their id, or by the applicant's whole mail address, for who writes from it and asks where it stands: a part
of one finds nothing, so that addresses cannot be guessed letter by letter.

Few that match are looked up by the indexes of those texts. Where many do, that takes the longer the more there are, and
a page needs thirty: then the queue is read in its own order, and each request is looked at, until the page is full."""

from collections import defaultdict
from typing import Any, Final

from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.search import SearchVectorExact
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.lookups import IContains

from accounts.models import User
from accounts.search import Words, by_index, containing, having, with_words, words_of
from tokens.models import AccessRequest, Application, Domain

# So many of a hundred thousand that a page of thirty is found among some two thousand.
FEW: Final = 1500


def matching(text: str) -> Q:
    """Asks the database how many there are."""
    with by_index():
        found = list(_found(text))
    if len(found) > FEW:
        return _seen_in_each(text)
    few = defaultdict(list)
    for column, pk in found:
        few[column].append(pk)
    return Q(*(Q(**{f"{column}__in": ids}) for column, ids in few.items()), _connector=Q.OR) if few else Q(pk__in=[])


def _found(text: str) -> QuerySet[Any, tuple[str, int]]:
    """In which column of an access request stands what matched, and which it is. No more than one beyond few, so that
    it is never long in coming."""
    ways: tuple[tuple[str, QuerySet[Any], str], ...] = (
        ("application", containing(Application.objects.all(), "name", text), "pk"),
        ("application", containing(Domain.objects.all(), "host", text), "application"),
        ("applicant", containing(User.objects.all(), "name", text), "pk"),
        ("applicant", User.objects.filter(email=text.lower()), "pk"),
        ("pk", with_words(AccessRequest.objects.all(), "purpose", text), "pk"),
        ("pk", AccessRequest.objects.filter(public_id=text.lower()), "pk"),
    )
    first, *others = (
        found.order_by().values_list(Value(column, CharField()), key)[: FEW + 1] for column, found, key in ways
    )
    return first.union(*others, all=True)[: FEW + 1]


def _seen_in_each(text: str) -> Q:
    """The same, of one request. Each is a value that is looked up, and never a set that PostgreSQL would make first."""
    name = Application.objects.filter(pk=OuterRef("application")).values("name")
    person = User.objects.filter(pk=OuterRef("applicant")).values("name")
    domains = Domain.objects.filter(application=OuterRef("application")).order_by().values("application")
    hosts = domains.annotate(hosts=StringAgg("host", Value(" "))).values("hosts")
    seen = Q(public_id=text.lower()) | Q(applicant=Subquery(User.objects.filter(email=text.lower()).values("pk")))
    for looked_up in (name, person, hosts):
        seen |= Q(IContains(Subquery(looked_up), text))
    return seen | (having("purpose", text) & Q(SearchVectorExact(Words("purpose"), words_of(text))))
