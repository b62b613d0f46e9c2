"""Limits that staff set for one application, or for a whole workspace."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.ids import new_public_id
from accounts.models import Workspace
from accounts.rights import raises_rights_version
from tiers.models.limits import LIMITS, LimitColumns, limits_in_bounds, no_limits
from tokens.models.applications import Application


class LimitOverride(LimitColumns):
    """Of an application, in place of what its tier and its grant say; of a whole workspace (`application` null), over
    all its applications together. It is taken away by deleting the row: the audit keeps what it was."""

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="limit_overrides")
    application = models.ForeignKey(
        Application, null=True, blank=True, on_delete=models.PROTECT, related_name="limit_overrides"
    )
    reason = models.CharField(_("reason"), max_length=500)
    set_at = models.DateTimeField(db_default=Now())
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            limits_in_bounds("override_limits_in_bounds"),
            models.CheckConstraint(condition=~no_limits(), name="override_says_something"),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_reason"),
            models.UniqueConstraint(
                fields=["workspace", "application"], nulls_distinct=False, name="override_one_a_subject"
            ),
        ]
        triggers = raises_rights_version("application", *LIMITS)

    def __str__(self) -> str:
        return self.public_id
