"""On which tier applications stand, and by which grant."""

from collections.abc import Iterable
from datetime import datetime

from accounts.models import Workspace
from tiers import snapshot
from tiers.entitlements import Held, Standing, holding, standing
from tiers.facts import Catalogue, GrantFacts, ModelFacts
from tiers.models import Grant
from tokens.models import Application


def grants_of(workspace: Workspace) -> list[GrantFacts]:
    """Every grant of a workspace that is not revoked. One query."""
    rows = Grant.objects.filter(workspace=workspace, revoked_at=None).select_related("tier", "model")
    return [snapshot.grant_facts(row) for row in rows]


def standings(
    catalogue: Catalogue, grants: Iterable[GrantFacts], applications: Iterable[Application], now: datetime
) -> dict[int, Standing]:
    """By the application's primary key."""
    facts = list(grants)
    return {application.pk: standing(catalogue, facts, application.pk, now) for application in applications}


def callable_models(
    catalogue: Catalogue, grants: Iterable[GrantFacts], application: int | None, now: datetime
) -> list[ModelFacts]:
    """The models that an application may call at this instant, by name."""
    facts = list(grants)
    return [
        model
        for model in sorted(catalogue.models.values(), key=lambda model: model.name)
        if not model.is_retired(now)
        and isinstance(holding(catalogue, facts, model, application=application, permission="generate", now=now), Held)
    ]
