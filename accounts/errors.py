"""What can go wrong in a way that a person should read. Translated to page, fragment or JSON in one middleware."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """The one base. `code` is stable and for programs, `message` is for people, `status` is HTTP's."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    default_message: ClassVar[Text] = _("This cannot be done.")

    def __init__(self, message: Text | None = None, **details: object) -> None:
        self.message: Text = message if message is not None else self.default_message
        self.details = details
        super().__init__(str(self.message))


class NotAllowed(DomainError):
    """The person lacks the permission, whatever the state of the thing."""

    code, status = "not_allowed", 403
    default_message = _("You may not do this. Ask an owner of the workspace or an administrator.")


class SecondFactorRequired(NotAllowed):
    code = "second_factor_required"
    default_message = _("Your role needs a second factor. Set one up first, then come back.")


class NotFound(DomainError):
    code, status = "not_found", 404
    default_message = _("There is no such thing here, or it is not yours to see.")


class Conflict(DomainError):
    """The state does not allow it, often because somebody else was first."""

    code, status = "conflict", 409
    default_message = _("It has changed meanwhile. Look at it again, then decide.")


class Invalid(DomainError):
    """Input that cannot be taken. `field` names the form field where there is one."""

    code, status = "invalid", 422

    def __init__(self, message: Text, field: str | None = None, **details: object) -> None:
        self.field = field
        super().__init__(message, **details)


class TooMany(DomainError):
    code, status = "too_many", 429
    default_message = _("That was too often. Wait a little, then try again.")


class MailNotSent(DomainError):
    """The mail server did not take a mail that somebody waits for. Nothing else was undone."""

    code, status = "mail_not_sent", 503
    default_message = _("The mail could not be sent just now. Try again in a minute.")
