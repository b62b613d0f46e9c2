"""The other ids by which a provider's messages name an order."""

from collections.abc import Iterable

from tiers.models import Order, Provider, ProviderReference


def remember_references(*, order: Order, name: Provider, references: Iterable[str]) -> None:
    """Note them; known ones stay. They change nothing that the order comes to, so nobody need lock or audit."""
    rows = [ProviderReference(order=order, provider=name, reference=reference) for reference in references if reference]
    ProviderReference.objects.bulk_create(rows, ignore_conflicts=True)
