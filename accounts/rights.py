"""The rights version of a workspace: a counter that everything raises that changes what its tokens may do.

Database triggers raise it, so that a row changed by any other way (a migration, psql) cannot be missed.
`announced_version` is the other half of a two-column outbox: what gateways' caches have been told.
"""

from collections.abc import Sequence

import pgtrigger

_RAISE = """
    UPDATE accounts_workspace SET rights_version = rights_version + 1 WHERE id IN ({workspaces});
    RETURN {row};
"""


def raises_rights_version(*columns: str) -> Sequence[pgtrigger.Trigger]:
    """Triggers for a table with a `workspace` column: any insert, any delete, and an update that changes the workspace
    or one of `columns` (field names) raise the rights version; of a row that moves, that of both workspaces. Name
    every column that a pass is compiled from. Last-used times are no rights."""
    return [
        pgtrigger.Trigger(
            name="rights_on_insert",
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            func=_RAISE.format(row="NEW", workspaces="NEW.workspace_id"),
        ),
        pgtrigger.Trigger(
            name="rights_on_delete",
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            func=_RAISE.format(row="OLD", workspaces="OLD.workspace_id"),
        ),
        pgtrigger.Trigger(
            name="rights_on_update",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.AnyChange("workspace", *columns),
            func=_RAISE.format(row="NEW", workspaces="OLD.workspace_id, NEW.workspace_id"),
        ),
    ]
