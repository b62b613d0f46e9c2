"""What the filters of the review desk can be set to."""

from collections.abc import Iterable
from dataclasses import dataclass

from tiers.facts import Catalogue
from tokens.models.signals import SignalKind
from tokens.selectors.review_filters import AGES, KINDS, LANGUAGES, Filters
from tokens.selectors.review_tools import Choice, Tools


@dataclass(frozen=True, slots=True)
class Choices:
    """Value and label of each, in the order shown and in the reader's language."""

    people: tuple[Choice, ...]
    tiers: tuple[Choice, ...]
    models: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    ages: tuple[Choice, ...]
    groups: tuple[Choice, ...]
    signals: tuple[Choice, ...]
    languages: tuple[Choice, ...]


def choices(filters: Filters, catalogue: Catalogue, around: Tools) -> Choices:
    """A tier or model that the catalogue does not have stays there while it is chosen."""
    ranked = [tier.slug for tier in sorted(catalogue.tiers.values(), key=lambda tier: tier.rank)[1:]]
    tiers = [*ranked, *([filters.tier] if filters.tier and filters.tier not in ranked else [])]
    models = {*catalogue.models, *([filters.model] if filters.model else [])}
    return Choices(
        people=around.people,
        tiers=tuple((slug, slug) for slug in tiers),
        models=tuple((name, name) for name in sorted(models)),
        kinds=_worded(KINDS.items()),
        ages=_worded(AGES.items()),
        groups=around.groups,
        signals=_worded(SignalKind.choices),
        languages=_worded(LANGUAGES.items()),
    )


def _worded(options: Iterable[tuple[str, object]]) -> tuple[Choice, ...]:
    return tuple((value, str(label)) for value, label in options)
