"""People. Their GitHub, Google and Discord identities are allauth's `SocialAccount` rows, matched by the
provider's immutable id and never by a name."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from accounts.names import seen
from accounts.search import Pairs


class PlatformRole(models.TextChoices):
    DEVELOPER = "developer", _("Developer")
    MAINTAINER = "maintainer", _("Maintainer")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person with a lower-case address. `password=None` leaves them to sign in by code or passkey."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person. `role` is what they may do on the platform; memberships say what in each workspace.
    `demo` people, workspaces and gateways are refused everywhere while `DEMO` is off."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=100, blank=True)
    locale = models.CharField(_("language"), max_length=10, default="en")
    role = models.CharField(_("role"), max_length=20, choices=PlatformRole, default=PlatformRole.DEVELOPER)
    single_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    review_digest = models.BooleanField(_("daily digest of the review queue"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    demo = models.BooleanField(default=False, editable=False)
    date_joined = models.DateTimeField(_("joined"), db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique"),
            models.CheckConstraint(condition=models.Q(role__in=PlatformRole.values), name="user_role_known"),
        ]
        # Sign-in looks an address up as it is stored, which the constraint's index on `lower(email)` cannot serve.
        indexes = [
            models.Index(fields=["email"], name="user_by_email"),
            GinIndex(Pairs("name"), name="user_by_part_of_name"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What others see. Never the whole address: the part before the @ where no name was given."""
        return seen(self.name) or self.email.partition("@")[0]
