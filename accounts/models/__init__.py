"""WHO: people, workspaces, and what they did."""

from accounts.models.audit import AuditCheckpoint, AuditEvent, AuditOrigin
from accounts.models.people import PlatformRole, User
from accounts.models.workspaces import Invitation, Membership, MembershipRole, Platform, Workspace

__all__ = [
    "AuditCheckpoint",
    "AuditEvent",
    "AuditOrigin",
    "Invitation",
    "Membership",
    "MembershipRole",
    "Platform",
    "PlatformRole",
    "User",
    "Workspace",
]
