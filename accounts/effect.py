"""Whether what was changed holds at gateways already, for the page that follows the change.

What was given holds with the commit, since nobody is refused before PostgreSQL was asked. What was taken away holds
once Redis was told, or 30 s after the commit: for so long gateways may allow by the pass that is stored.
"""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import Workspace


def is_effective(workspace: Workspace) -> bool:
    """After an action: the versions that the view holds are of before it, and are read again."""
    workspace.refresh_from_db(fields=["rights_version", "announced_version"])
    return workspace.is_told


def say(request: HttpRequest, done: str, workspace: Workspace) -> None:
    """`done`: a sentence. Where gateways are not told yet, `components/effect.html` says so on the page."""
    if is_effective(workspace):
        done = _("%(done)s Effective at gateways.") % {"done": done}
    messages.success(request, done)
