"""What the state of things allows: `check_x` raises a DomainError with the reason, `can_x` wraps it, so that button,
tooltip and server agree. One module a subject."""

from accounts.policies.people import can_be_reached, can_change_role, check_change_role, check_verified_email

__all__ = ["can_be_reached", "can_change_role", "check_change_role", "check_verified_email"]
