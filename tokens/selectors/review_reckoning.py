"""How long decisions took: from the first sending to the decision that stands, less the time that reviewers waited for
the applicant, which is from each asking for changes to the sending that followed. One statement reckons it for all.
What was imported was sent elsewhere long ago: it counts from when it came here."""

from typing import Final

# `DECIDED` needs `since`. What was sent is read once, for it may be most of a large table. The audit has every asking
# and every sending again, whenever they were; none is older than the oldest request that is looked at. An asking that
# was undone has no sending after it.
DECIDED: Final = """
WITH sent AS MATERIALIZED (
    SELECT public_id, tier_id, decided_by_id, state, decided_at, greatest(submitted_at, created_at) AS at,
           decided_at <= due_at AS in_time
      FROM tokens_accessrequest WHERE state IN ('approved', 'rejected') AND decided_at >= %(since)s
), pauses AS (
    SELECT subject_id, sum(ended - at) AS waited
      FROM (SELECT subject_id, action, at, lead(at) OVER later AS ended, lead(action) OVER later AS next
              FROM accounts_auditevent
             WHERE action IN ('request.changes_requested', 'request.resubmitted') AND subject_type = 'AccessRequest'
               AND at >= (SELECT min(at) FROM sent)
            WINDOW later AS (PARTITION BY subject_id ORDER BY id)) event
     WHERE action = 'request.changes_requested' AND next = 'request.resubmitted'
     GROUP BY subject_id
), decided AS (
    SELECT tier_id, decided_by_id, state, in_time,
           extract(epoch FROM greatest(interval '0',
               decided_at - sent.at - coalesce(waited, interval '0')))::double precision AS seconds
      FROM sent LEFT JOIN pauses ON subject_id = public_id
)
"""
