"""WHAT: the catalogue and the grants."""

from tiers.models.catalogue import AIModel, CatalogueVersion, Operation, ServedOperation, Tier
from tiers.models.grants import Grant, GrantPermission, GrantSource

__all__ = [
    "AIModel",
    "CatalogueVersion",
    "Grant",
    "GrantPermission",
    "GrantSource",
    "Operation",
    "ServedOperation",
    "Tier",
]
