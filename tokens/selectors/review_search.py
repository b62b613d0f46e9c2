"""Finding access requests by a part of the application's name, of the applicant's, or of a domain, or by their id."""

from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.search import containing
from tokens.models import AccessRequest, Application, Domain


def matching(text: str) -> Q:
    """Each has an index of its own; the ids are put together, since an OR over three tables would read them all."""
    named = containing(Application.objects.all(), "name", text).values("pk")
    hosts = containing(Domain.objects.all(), "host", text).values("application")
    people = containing(User.objects.all(), "name", text).values("pk")
    return Q(
        pk__in=_ids(application__in=named).union(
            _ids(application__in=hosts), _ids(applicant__in=people), _ids(public_id=text.lower())
        )
    )


def _ids(**where: Any) -> QuerySet[AccessRequest, Any]:
    return AccessRequest.objects.filter(**where).order_by().values("pk")
