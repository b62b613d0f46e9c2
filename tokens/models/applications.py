"""Applications: a developer's apps and sites that call the platform."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from accounts.models import Workspace
from accounts.rights import raises_rights_version
from accounts.search import Pairs


class Category(models.TextChoices):
    WEB = "web", _("Website")
    SERVER = "server", _("Server or service")
    MOBILE = "mobile", _("App that people install")
    BOT = "bot", _("Bot")
    RESEARCH = "research", _("Research or education")
    OTHER = "other", _("Something else")


class Application(models.Model):
    """`secret_in_query`: whether a secret token may come in a query string. Off for new ones."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="applications")
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("slug"), max_length=60, allow_unicode=True)
    url = models.URLField(_("website"), max_length=300, blank=True)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    contact = models.EmailField(_("contact"), max_length=254, blank=True)
    category = models.CharField(_("category"), max_length=20, choices=Category, default=Category.WEB)
    secret_in_query = models.BooleanField(_("secret tokens in the query string"), default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    suspended_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="application_slug_unique"),
            models.CheckConstraint(
                condition=Q(suspended_at__isnull=True, suspended_by__isnull=True)
                | Q(suspended_at__isnull=False, suspended_by__isnull=False),
                name="application_suspended_pair",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="application_newest"),
            GinIndex(Pairs("name"), name="application_by_part_of_name"),
        ]
        triggers = raises_rights_version("slug", "name", "secret_in_query", "suspended_at", "suspended_reason")

    def __str__(self) -> str:
        return self.name


class ProofMethod(models.TextChoices):
    DNS = "dns", _("DNS record")
    FILE = "file", _("well-known file")


class Domain(models.Model):
    """A host name of an application (`example.com`, or `*.example.com` for one or more labels before it).
    `proved_at` says when control of it was last shown; browsers' origins are matched against all domains."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="domains")
    host = models.CharField(_("domain"), max_length=255)
    proof = models.CharField(max_length=40)
    proved_at = models.DateTimeField(null=True, blank=True)
    proved_method = models.CharField(max_length=10, choices=ProofMethod, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    check_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["host"]
        constraints = [
            models.UniqueConstraint(fields=["application", "host"], name="domain_unique"),
            models.CheckConstraint(
                condition=Q(proved_at__isnull=True, proved_method="")
                | (Q(proved_at__isnull=False) & ~Q(proved_method="")),
                name="domain_proved_pair",
            ),
        ]
        indexes = [GinIndex(Pairs("host"), name="domain_by_part_of_host")]
        triggers = raises_rights_version("application", "host")

    def __str__(self) -> str:
        return self.host

    @property
    def bare_host(self) -> str:
        """The host itself, where the proof is looked for: without the `*.` of a pattern."""
        return self.host.removeprefix("*.")
