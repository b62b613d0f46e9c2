"""Finding a part of a name anywhere in it, by an index: the pairs of characters that a text consists of.

The embedded PostgreSQL has no extension for it. `trellis_pairs` (a function of the database, made in a migration) gives
the pairs of characters of a text in lower case, and its characters, so that a Chinese word of two is found, or of one.
Which rows have all the pairs of what is looked for, a GIN index knows; they are then compared again, since the same
pairs may stand in another order.

A long text has nearly every pair. Of such a one `trellis_words` gives the words, and each Chinese, Japanese or Korean
character as one, so that those that stand together are found."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db import connection, transaction
from django.db.models import Func, Model, Q, QuerySet, TextField

OTHER_WAYS = ["enable_seqscan", "enable_indexonlyscan"]
M = TypeVar("M", bound=Model)
# As in `trellis_words`.
_OF_ITS_OWN: Final = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")


class Pairs(Func):
    function = "trellis_pairs"
    output_field: Any = ArrayField(TextField())


class Words(Func):
    function = "trellis_words"
    output_field: Any = SearchVectorField()


def with_words(queryset: QuerySet[M], column: str, text: str) -> QuerySet[M]:
    """The rows whose column has each of those words, or one that begins so."""
    found = queryset.alias(words=Words(column)).filter(words=words_of(text))
    return cast("QuerySet[M]", found.filter(having(column, text)))


def having(column: str, text: str) -> Q:
    """That it has each of them somewhere: quick to see, and true of all that `with_words` finds."""
    return Q(*(Q(**{f"{column}__icontains": part}) for part in text.split()))


def words_of(text: str) -> SearchQuery:
    """Each part between spaces is left to PostgreSQL to take apart, as it does with what is searched."""
    quoted = (_OF_ITS_OWN.sub(r" \g<0> ", part).replace("\\", " ").replace("'", " ") for part in text.split())
    return SearchQuery(" & ".join(f"'{part}':*" for part in quoted), config="simple", search_type="raw")


def pairs_of(text: str) -> list[str]:
    """What every text that contains this one has among its pairs."""
    low = text.lower()
    return sorted({low[at : at + 2] for at in range(len(low) - 1)} or set(low))


def containing(queryset: QuerySet[M], column: str, text: str) -> QuerySet[M]:
    """The rows whose column has that text in it, in upper case or lower."""
    found = queryset.alias(pairs=Pairs(column)).filter(pairs__contains=pairs_of(text))
    return cast("QuerySet[M]", found.filter(**{f"{column}__icontains": text}))


@contextmanager
def by_index() -> Iterator[None]:
    """Within it the index is used, however many rows have the text. Else PostgreSQL may find it cheaper to take every
    row of a table apart, which takes seconds where most rows match."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config(name, 'off', true) FROM unnest(%s::text[]) AS name", [OTHER_WAYS])
        yield
        cursor.execute("SELECT set_config(name, 'on', true) FROM unnest(%s::text[]) AS name", [OTHER_WAYS])
