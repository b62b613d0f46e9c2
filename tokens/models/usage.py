"""What tokens did: folded from the counts of the processes that answer (`tokens/gateway/folding.py`), and written by
nothing else. Costs are in thousandths of a call."""

from typing import Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from tiers.models import Grant
from tokens.models.applications import Application
from tokens.models.tokens import Token

# Of the partitioned table: its constraints and indexes are made by the migration.
_OF_MIGRATION: Final[dict[str, Any]] = {"on_delete": models.PROTECT, "db_constraint": False, "db_index": False}


class Usage(models.Model):
    """One token's calls of one model by one operation with one outcome, on one UTC day. Without token, application and
    workspace: those of anonymous callers. `code` is `ok` or a key of `gateway.reasons.REASONS`; `model` and
    `operation` are the catalogue's names, empty where the call named none of ours. Names, not references: they say
    what was called then.

    Partitioned by month, which the ORM cannot say: the migration makes the table and its constraints,
    `gateway/partitions.py` the partitions."""

    token = models.ForeignKey(Token, null=True, related_name="usage", **_OF_MIGRATION)
    application = models.ForeignKey(Application, null=True, related_name="+", **_OF_MIGRATION)
    workspace = models.ForeignKey(Workspace, null=True, related_name="+", **_OF_MIGRATION)
    day = models.DateField()
    model = models.CharField(max_length=100)
    operation = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    calls = models.BigIntegerField()
    units = models.BigIntegerField()
    pack_units = models.BigIntegerField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token", "day", "model", "operation", "code"], nulls_distinct=False, name="usage_one_row"
            ),
        ]
        indexes = [
            models.Index(fields=["application", "day"], name="usage_of_application"),
            models.Index(fields=["workspace", "day"], name="usage_of_workspace"),
        ]

    def __str__(self) -> str:
        return f"{self.token_id} {self.day}: {self.calls}"


class Period(models.TextChoices):
    DAY = "day", _("day")
    MONTH = "month", _("month")


class AllowanceSpent(models.Model):
    """What one token, application or workspace spent of its allowance in one UTC day or month: the sum of its `Usage`.

    Kept so that allowances are known again after a loss of Redis. `subject` is the public id of what `scope` says;
    `starts_on` the period's first day. `pack_units`: those of `units` that packs paid for."""

    pk = models.CompositePrimaryKey("subject", "scope", "period", "starts_on")
    subject = models.CharField(max_length=12)
    scope = models.CharField(max_length=12)
    period = models.CharField(max_length=5, choices=Period)
    starts_on = models.DateField()
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+", db_index=False)
    units = models.BigIntegerField()
    pack_units = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.scope} {self.subject} {self.period} {self.starts_on}: {self.units}"


class PackSpent(models.Model):
    """What was spent of one allowance pack, ever."""

    grant = models.OneToOneField(Grant, primary_key=True, on_delete=models.PROTECT, related_name="spent")
    units = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.grant_id}: {self.units}"


class UsageCounter(models.Model):
    """One process that counts. It numbers its batches and sends them in order, so `folded`, the number of the last one
    that is in these tables, tells every batch that was counted already."""

    process = models.CharField(max_length=32, primary_key=True)
    folded = models.BigIntegerField()
    folded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.process} {self.folded}"
