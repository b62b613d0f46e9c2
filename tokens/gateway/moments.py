"""Moments in messages, the same in every language."""

from datetime import datetime


def moment(at: datetime) -> str:
    """`2026-12-01`, or with hours and minutes where it is not midnight. UTC."""
    day = f"{at:%Y-%m-%d}"
    return day if (at.hour, at.minute) == (0, 0) else f"{day} {at:%H:%M} UTC"
