"""Free tries of a model in early access."""

from django.db import models

from accounts.models import Workspace
from tiers.models.catalogue import AIModel


class FreeTries(models.Model):
    """How many free tries of a model a workspace has taken. One row, so that taking one is one update, and as many as
    the model gives can ever be taken, by whomever at once.

    `request_ids`: gateway request id → when it took its try (Unix time) and how often it was asked, so that the same
    request asked again is allowed again and takes none. No right hangs on this row: what is left is read when a try is
    taken, so taking one does not raise the rights version."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="free_tries")
    model = models.ForeignKey(AIModel, on_delete=models.PROTECT, related_name="+")
    taken = models.PositiveIntegerField(default=0)
    request_ids = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "model"], name="free_tries_one_row")]

    def __str__(self) -> str:
        return f"{self.taken} of {self.model_id}"
