"""What was spent of the allowances, as the folded usage has it: from this the counters are built again that a Redis has
lost."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# Two columns, for a statement that has a token `t`, its application `a`, its workspace `w` and `clock.now`: what was
# spent in this UTC day and month, and of each pack ever.
SPENT_SQL: Final = """
       (SELECT json_agg(json_build_array(spent.scope, spent.period, spent.units, spent.pack_units))
          FROM (VALUES ('token', t.public_id), ('application', a.public_id), ('workspace', w.public_id))
               AS of (scope, subject)
         CROSS JOIN (VALUES ('day', (clock.now AT TIME ZONE 'UTC')::date),
                            ('month', date_trunc('month', clock.now AT TIME ZONE 'UTC')::date))
               AS current (period, starts_on)
          JOIN tokens_allowancespent spent USING (subject, scope, period, starts_on)) AS spent,
       (SELECT json_object_agg(pack.public_id, spent.units)
          FROM tiers_grant pack
          JOIN tokens_packspent spent ON spent.grant_id = pack.id
         WHERE pack.workspace_id = w.id AND pack.calls IS NOT NULL AND pack.revoked_at IS NULL) AS packs_spent
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Thousandths of a call by scope (token, application, workspace), and by the pack's public id. `day` and `month`
    are all that was spent in them, `day_of_packs` and `month_of_packs` what packs paid of that."""

    day: Mapping[str, int] = field(default_factory=dict)
    month: Mapping[str, int] = field(default_factory=dict)
    day_of_packs: Mapping[str, int] = field(default_factory=dict)
    month_of_packs: Mapping[str, int] = field(default_factory=dict)
    packs: Mapping[str, int] = field(default_factory=dict)


def of(row: Mapping[str, Any]) -> Spent:
    """From a row with the columns of `SPENT_SQL`."""
    rows: list[tuple[str, str, int, int]] = row["spent"] or []
    return Spent(
        day={scope: units for scope, period, units, _packs in rows if period == "day"},
        month={scope: units for scope, period, units, _packs in rows if period == "month"},
        day_of_packs={scope: packs for scope, period, _units, packs in rows if period == "day"},
        month_of_packs={scope: packs for scope, period, _units, packs in rows if period == "month"},
        packs=row["packs_spent"] or {},
    )
