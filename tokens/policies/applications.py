"""Who may make and change an application, and when its state allows it."""

from typing import Final

from django.utils.translation import gettext as _

from accounts.errors import Conflict, DomainError, NotAllowed
from accounts.models import User, Workspace
from accounts.policies import check_verified_email
from accounts.roles import Permission, require
from tokens.models import Application, Domain

MOST_APPLICATIONS: Final = 50
MOST_DOMAINS: Final = 50


def check_create(user: User, workspace: Workspace) -> None:
    require(user, Permission.APPLICATION_EDIT, workspace)
    check_verified_email(user)
    check_workspace_is_live(workspace)
    if Application.objects.filter(workspace=workspace).count() >= MOST_APPLICATIONS:
        message = _("A workspace has at most %(number)d applications.") % {"number": MOST_APPLICATIONS}
        raise Conflict(message)


def why_not_create(user: User, workspace: Workspace) -> str | None:
    """The reason why there is no button, or None where the person may."""
    try:
        check_create(user, workspace)
    except DomainError as error:
        return str(error.message)
    return None


def check_edit(user: User, application: Application) -> None:
    require(user, Permission.APPLICATION_EDIT, application.workspace)


def check_add_domain(user: User, application: Application) -> None:
    check_edit(user, application)
    if Domain.objects.filter(application=application).count() >= MOST_DOMAINS:
        raise Conflict(_("An application has at most %(number)d domains.") % {"number": MOST_DOMAINS})


def check_suspend(user: User, application: Application) -> None:
    require(user, Permission.SUSPEND)
    if application.suspended_at is not None:
        raise Conflict(_("This application is suspended already."))


def check_resume(user: User, application: Application) -> None:
    require(user, Permission.SUSPEND)
    if application.suspended_at is None:
        raise Conflict(_("This application is not suspended."))


def check_is_live(application: Application) -> None:
    """Neither it nor its workspace is suspended."""
    check_workspace_is_live(application.workspace)
    if application.suspended_at is not None:
        message = _("This application is suspended: %(reason)s") % {"reason": application.suspended_reason or "–"}
        raise NotAllowed(message, remedy="contact")


def check_workspace_is_live(workspace: Workspace) -> None:
    if workspace.suspended_at is not None:
        message = _("This workspace is suspended: %(reason)s") % {"reason": workspace.suspended_reason or "–"}
        raise NotAllowed(message, remedy="contact")
