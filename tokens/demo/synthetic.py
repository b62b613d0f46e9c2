"""A synthetic platform of any size: people, workspaces, applications, tokens, grants, access requests.

Rows are written with COPY, and their triggers are left out where the database role may do so: what they keep (versions,
deciders) is right in these rows from the start. Constraints hold as ever, and every token is a real one.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar

from django.contrib.auth.hashers import make_password
from django.db import ProgrammingError, connection, models, transaction
from psycopg.errors import InsufficientPrivilege

from accounts.clock import now
from accounts.ids import new_public_id
from accounts.models import Membership, MembershipRole, User, Workspace
from tiers.models import Grant, GrantSource, Tier
from tokens import keys
from tokens.demo.synthetic_requests import add_request, name_of, reviewers
from tokens.models import AccessRequest, Application, Domain, Token, TokenSecret
from tokens.models.decisions import Decision
from tokens.models.signals import Signal
from tokens.stored_keys import stored

TOKENS_A_WORKSPACE: Final = 10
APPLICATIONS_A_WORKSPACE: Final = 2
WORKSPACES_A_BATCH: Final = 500
# Of so many tokens one has its text kept, so that it can be called; and one of each batch.
KEPT_OF: Final = 10_000
UNUSABLE: Final = make_password(None)
ORDER: Final = (
    User,
    Workspace,
    Membership,
    Application,
    Domain,
    Token,
    TokenSecret,
    Grant,
    AccessRequest,
    Decision,
    Signal,
)

Rows = dict[type[models.Model], list[models.Model]]
M = TypeVar("M", bound=models.Model)


@dataclass(slots=True)
class Batch:
    """Some whole workspaces: their rows, the primary keys still free for more, and the texts of a few tokens."""

    tiers: list[Tier]
    reviewers: list[User]
    moment: datetime
    ids: dict[type[models.Model], Iterator[int]]
    rows: Rows = field(default_factory=lambda: {model: [] for model in ORDER})
    texts: list[str] = field(default_factory=list)

    def add(self, model: type[M], **values: Any) -> M:
        """One more row, with the next free primary key."""
        row = model(pk=next(self.ids[model]), **values)
        self.rows[model].append(row)
        return row

    def give(self, asked: AccessRequest, source: GrantSource) -> None:
        """The grant of an approved request."""
        at = {"starts_at": asked.decided_at, "created_at": asked.decided_at}
        of = {"workspace": asked.workspace, "application_id": asked.application_id, "tier": asked.granted_tier}
        self.add(Grant, source=source, source_id=asked.public_id, reason="Synthetic", **of, **at)


def write(tokens: int) -> Iterator[tuple[int, list[str]]]:
    """Write at least that many tokens, a transaction a batch. Yields after each how many there are, and the texts of
    those that were kept."""
    tiers, moment, people = list(Tier.objects.order_by("rank")), now(), reviewers()
    workspaces, done = -(-tokens // TOKENS_A_WORKSPACE), 0
    while done < workspaces:
        size = min(WORKSPACES_A_BATCH, workspaces - done)
        with transaction.atomic(), without_triggers():
            batch = _batch(done, size, tiers, people, moment)
            for model in ORDER:
                copy(model, batch.rows[model])
        done += size
        yield done * TOKENS_A_WORKSPACE, batch.texts


@contextmanager
def without_triggers() -> Iterator[None]:
    """Within a transaction, if the role may. Each row's trigger would lock and raise its workspace's version."""
    left_out = _replicate("replica")
    yield
    if left_out:
        _replicate("origin")


def _replicate(role: Literal["replica", "origin"]) -> bool:
    """Whether the database role may switch triggers off and on."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('session_replication_role', %s, true)", [role])
    except ProgrammingError as error:
        if not isinstance(error.__cause__, InsufficientPrivilege):
            raise
        return False
    return True


def copy(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """COPY rows of one table. Columns with a default of the database's own are left to it where the row has none."""
    columns = [f for f in model._meta.concrete_fields if f.primary_key or not _left_out(f, rows)]
    names = ", ".join(connection.ops.quote_name(str(f.column)) for f in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as out:
        for row in rows:
            out.write_row([_value(f, row) for f in columns])


def _left_out(column: "models.Field[Any, Any]", rows: Iterable[models.Model]) -> bool:
    first = next(iter(rows), None)
    return first is None or (column.has_db_default() and not isinstance(getattr(first, column.attname), datetime))


def _value(column: "models.Field[Any, Any]", row: models.Model) -> Any:
    return column.get_db_prep_save(getattr(row, column.attname), connection)


def _ids(model: type[models.Model], number: int) -> range:
    """So many primary keys, taken from the table's own sequence. Of several that write at once one takes at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('synthetic', 0))")
        try:
            cursor.execute(
                "SELECT setval(s, nextval(s) + %s) FROM (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS s) x",
                [number, model._meta.db_table],
            )
            last = int((cursor.fetchone() or (0,))[0])
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('synthetic', 0))")
    return range(last - number, last)


def _batch(first: int, size: int, tiers: list[Tier], people: list[User], moment: datetime) -> Batch:
    ids: dict[type[models.Model], Iterator[int]] = {
        model: iter(_ids(model, size * TOKENS_A_WORKSPACE)) for model in ORDER
    }
    batch = Batch(tiers, people, moment, ids)
    for number in range(first, first + size):
        _workspace(batch, number, moment - timedelta(days=1 + number % 700))
    return batch


def _workspace(batch: Batch, number: int, since: datetime) -> None:
    """One person's own, with two applications and the tier that is its turn."""
    name = f"person-{number}-{new_public_id()}"
    person = batch.add(
        User, email=f"{name}@synthetic.example", name=name, demo=True, password=UNUSABLE, date_joined=since
    )
    workspace = batch.add(Workspace, name=name, personal_of=person, demo=True, created_at=since)
    batch.add(Membership, workspace=workspace, user=person, role=MembershipRole.OWNER, created_at=since)
    above = batch.tiers[1:] or batch.tiers
    batch.add(
        Grant,
        workspace=workspace,
        tier=above[number % len(above)],
        source=GrantSource.RULE,
        source_id="synthetic",
        reason="Synthetic",
        starts_at=since,
        created_at=since,
    )
    for place in range(APPLICATIONS_A_WORKSPACE):
        _application(batch, number * APPLICATIONS_A_WORKSPACE + place, workspace, person, since)


def _application(batch: Batch, turn: int, workspace: Workspace, person: User, since: datetime) -> None:
    """With a domain, an access request, and its share of the tokens."""
    slug = f"application-{turn}"
    application = batch.add(
        Application, workspace=workspace, name=name_of(turn), slug=slug, created_by=person, created_at=since
    )
    of = {"workspace": workspace, "application": application, "created_at": since}
    batch.add(Domain, host=f"{slug}.synthetic.example", proof="0" * 32, **of)
    add_request(batch, turn, application, person, since, batch.moment)
    for place in range(TOKENS_A_WORKSPACE // APPLICATIONS_A_WORKSPACE):
        token = batch.add(Token, name=f"token {place}", created_by=person, **of)
        key = keys.make(keys.KeyKind.SECRET, workspace.public_id)
        batch.add(TokenSecret, workspace=workspace, token=token, created_at=since, **stored(key))
        if token.pk % KEPT_OF == 0 or not batch.texts:
            batch.texts.append(key.text)
