"""What is found out about an access request when it is sent. It informs; only a rule or a person decides."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tokens.models.requests import AccessRequest


class SignalKind(models.TextChoices):
    DOMAIN = "domain", _("Domain")
    SITE = "site", _("Website")
    SAME_DOMAIN = "same_domain", _("Same domain elsewhere")
    SAME_REPOSITORY = "same_repository", _("Same repository elsewhere")
    SAME_WORDING = "same_wording", _("Same wording elsewhere")
    ACCOUNT_AGE = "account_age", _("Account")
    IDENTITIES = "identities", _("Sign-in")
    HISTORY = "history", _("Earlier access requests")
    USAGE = "usage", _("Calls, 28 days")
    REFUSALS = "refusals", _("Refused")
    SPEND = "spend", _("Paid so far")
    MAIL = "mail", _("E-mail address")
    ADDRESSES = "addresses", _("Networks")
    VOLUME = "volume", _("Expected calls per day")
    SECRET_IN_QUERY = "secret_in_query", _("Secret token in an address")


class SignalState(models.TextChoices):
    """`UNKNOWN`: could not be checked, and says why."""

    OK = "ok", _("in order")
    NOTICE = "notice", _("of note")
    WARN = "warn", _("look closer")
    BAD = "bad", _("speaks against it")
    UNKNOWN = "unknown", _("could not check")


class Signal(models.Model):
    """The newest finding of one kind. `facts` are plain values, from which the words are made where they are read;
    text from outside in it is data, and never markup."""

    access_request = models.ForeignKey(AccessRequest, on_delete=models.PROTECT, related_name="signals")
    kind = models.CharField(max_length=20, choices=SignalKind)
    state = models.CharField(max_length=10, choices=SignalState)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["access_request", "kind"], name="signal_one_a_kind")]
        indexes = [models.Index(fields=["kind", "state", "access_request"], name="signal_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.state}"
