"""The same domain, repository or wording in what others asked before."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet

from tokens.domains import site_host
from tokens.evidence import similarity
from tokens.evidence.finding import Case, Finding
from tokens.models import AccessRequest, Domain, SignalKind, SignalState

MOST_TOLD: Final = 5
MOST_COMPARED: Final = 50
MOST_RANKED: Final = 2000
MUCH_ALIKE, ALIKE = 0.8, 0.5
_REPOSITORY: Final = re.compile(
    r"(?:https?://)?(?:www\.)?(github\.com|gitlab\.com|codeberg\.org|bitbucket\.org)/([\w.-]{1,100})/([\w.-]{1,100})",
    re.IGNORECASE,
)


def others(case: Case) -> QuerySet[AccessRequest]:
    """What other workspaces ever sent."""
    sent = AccessRequest.objects.filter(submitted_at__isnull=False)
    return sent.exclude(workspace=case.asked.workspace_id).order_by("-id")


def same_domain(case: Case) -> Finding:
    hosts = hosts_of(case.asked)
    if not hosts:
        return Finding(SignalKind.SAME_DOMAIN, SignalState.NOTICE, {"none_given": True})
    elsewhere = Domain.objects.filter(host__in=hosts).exclude(workspace=case.asked.workspace_id)
    applications = list(elsewhere.order_by("-id").values_list("application", "host", "proved_at")[:MOST_COMPARED])
    if not applications:
        return Finding(SignalKind.SAME_DOMAIN, SignalState.OK)
    proved = any(proved_at is not None for _pk, _host, proved_at in applications)
    found = others(case).filter(application__in={pk for pk, _host, _proved in applications})
    facts = {"host": applications[0][1], "proved_there": proved, "requests": told(found)}
    return Finding(SignalKind.SAME_DOMAIN, SignalState.BAD if proved else SignalState.WARN, facts)


def hosts_of(asked: AccessRequest) -> list[str]:
    hosts = {domain.host for domain in asked.application.domains.all()}
    at_url = site_host(asked.application.url) if asked.application.url else None
    return sorted({*hosts, at_url} if at_url else hosts)


def same_repository(case: Case) -> Finding:
    repositories = repositories_of(case.asked)
    if not repositories:
        return Finding(SignalKind.SAME_REPOSITORY, SignalState.OK, {"none_given": True})
    found = told(others(case).filter(repositories__overlap=repositories))
    state = SignalState.WARN if found else SignalState.OK
    return Finding(SignalKind.SAME_REPOSITORY, state, {"repository": repositories[0], "requests": found})


def repositories_of(asked: AccessRequest) -> list[str]:
    """`github.com/owner/name` of each repository that is named, in lower case."""
    text = f"{asked.links} {asked.application.url} {asked.purpose}"
    names = {
        f"{host}/{owner}/{name.removesuffix('.git').rstrip('.')}".casefold()
        for host, owner, name in _REPOSITORY.findall(text)
    }
    return sorted(names)[:10]


def same_wording(case: Case) -> Finding:
    text = case.asked.purpose
    if not similarity.is_comparable(text):
        return Finding(SignalKind.SAME_WORDING, SignalState.NOTICE, {"short": True})
    near = _nearest(others(case), similarity.bands(text)).only("public_id", "state", "purpose")
    alike = [(similarity.likeness(text, other.purpose), other) for other in near]
    alike = sorted((pair for pair in alike if pair[0] >= ALIKE), key=lambda pair: -pair[0])[:MOST_TOLD]
    if not alike:
        return Finding(SignalKind.SAME_WORDING, SignalState.OK)
    state = SignalState.WARN if alike[0][0] >= MUCH_ALIKE else SignalState.NOTICE
    requests = [_told(other) | {"alike": round(100 * share)} for share, other in alike]
    return Finding(SignalKind.SAME_WORDING, state, {"requests": requests})


def _nearest(found: QuerySet[AccessRequest], bands: list[int]) -> QuerySet[AccessRequest]:
    """Those that share the most bands."""
    with by_index():
        shared = list(sharing(found, bands).values_list("pk", "wording")[:MOST_RANKED])
    ranked = sorted(shared, key=lambda row: -len(set(row[1]) & set(bands)))
    return found.filter(pk__in=[pk for pk, _wording in ranked[:MOST_COMPARED]])


def sharing(found: QuerySet[AccessRequest], bands: list[int]) -> QuerySet[AccessRequest]:
    return found.order_by().filter(wording__overlap=bands)


@contextmanager
def by_index() -> Iterator[None]:
    """PostgreSQL takes each of the bands to be in one row of 200, and would rather read the whole table."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan = on")


def told(found: QuerySet[AccessRequest]) -> list[dict[str, Any]]:
    return [_told(other) for other in found.only("public_id", "state")[:MOST_TOLD]]


def _told(other: AccessRequest) -> dict[str, Any]:
    return {"id": other.public_id, "state": other.state}
