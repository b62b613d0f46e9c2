"""What the state of a thing allows whom: `check_x` raises a DomainError with the reason, `can_x` wraps it, so that
button, tooltip and server agree. One module a subject."""
