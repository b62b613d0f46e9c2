"""Rules that an administrator writes: what approves an access request without a person, and what routes it to one."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id


class RuleEffect(models.TextChoices):
    APPROVE = "approve", _("Approves")
    ROUTE = "route", _("Routes")


class Rule(models.Model):
    """Tried in the order of `position`, lowest first, while `active` names the version that is switched on."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=100)
    effect = models.CharField(_("effect"), max_length=10, choices=RuleEffect)
    position = models.PositiveIntegerField(_("order"), default=100)
    active = models.ForeignKey(
        "tokens.RuleVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="active_in"
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(retired_at=None) | Q(active=None), name="rule_retired_is_off"),
            models.CheckConstraint(condition=~Q(name=""), name="rule_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class RuleVersion(models.Model):
    """What a rule says, for good: another wording is another version. `conditions` is a list of
    {"field", "is", "value"}, all of which must hold; `actions` is an object. Both are read by `tokens/rules`."""

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    conditions = models.JSONField(default=list)
    actions = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="rule_version_numbered_once")]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.rule.name} v{self.number}"

    @property
    def in_words(self) -> str:
        """As the name of whoever decided."""
        return gettext("Rule “%(name)s”") % {"name": self.rule.name}


class RuleUse(models.Model):
    """One version of a rule applied to one request, as it was at that version of the request."""

    rule_version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="uses")
    access_request = models.ForeignKey("tokens.AccessRequest", on_delete=models.PROTECT, related_name="rule_uses")
    request_version = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    did = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule_version", "access_request", "request_version"], name="rule_used_once_a_version"
            )
        ]
        indexes = [models.Index(fields=["rule_version", "-id"], name="rule_use_by_version")]

    def __str__(self) -> str:
        return f"{self.rule_version_id} on {self.access_request_id}"
