"""What the filters of the review desk can be set to."""

from dataclasses import dataclass

from accounts.models import User
from tiers.facts import Catalogue
from tokens.models.desk import ReviewGroup
from tokens.models.signals import SignalKind
from tokens.selectors.review_filters import AGES, KINDS, LANGUAGES, Filters
from tokens.selectors.reviewers import reviewers

Choice = tuple[str, object]
MOST_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class Choices:
    """Value and label of each, in the order shown."""

    people: list[Choice]
    tiers: list[Choice]
    models: list[Choice]
    kinds: list[Choice]
    ages: list[Choice]
    groups: list[Choice]
    signals: list[Choice]
    languages: list[Choice]


def choices(filters: Filters, catalogue: Catalogue, viewer: User) -> Choices:
    """A model that the catalogue no longer has stays there while it is chosen."""
    ranked = sorted(catalogue.tiers.values(), key=lambda tier: tier.rank)
    people = reviewers().exclude(pk=viewer.pk).order_by("name", "pk")
    models = {*catalogue.models, *([filters.model] if filters.model else [])}
    return Choices(
        people=[(person.public_id, person.display_name) for person in people[:MOST_PEOPLE]],
        tiers=[(tier.slug, tier.slug) for tier in ranked[1:]],
        models=[(name, name) for name in sorted(models)],
        kinds=list(KINDS.items()),
        ages=list(AGES.items()),
        groups=list(ReviewGroup.objects.order_by("name").values_list("public_id", "name")),
        signals=list(SignalKind.choices),
        languages=list(LANGUAGES.items()),
    )
