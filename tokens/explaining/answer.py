"""An explanation as the page shows it. Pure but for gettext."""

from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tokens.explaining import headlines, samples, snippets
from tokens.explaining.buttons import NO_TOKEN, Button, buttons
from tokens.explaining.corrections import Correction, corrected
from tokens.explaining.trace import Row, Tracing, rows, tone_of
from tokens.gateway.ask import Decision, Refusal
from tokens.gateway.explanations import Explanation
from tokens.gateway.protocols import openai_errors, presentation
from tokens.gateway.reasons import REASONS


@dataclass(frozen=True)
class Answer:
    """`own`: the token is one of the reader's workspaces (or there is none), so that pages about it may be linked.
    `workspace`: the name of its workspace, where that may be shown. `named`: staff picked the token by its id."""

    explanation: Explanation
    own: bool = True
    workspace: str = ""
    last4: str = ""
    named: bool = False

    @property
    def decision(self) -> Decision:
        return self.explanation.decision

    @property
    def refusal(self) -> Refusal | None:
        return self.decision.reason

    @property
    def status(self) -> int:
        return REASONS[self.refusal.code].status if self.refusal else 200

    @property
    def phrase(self) -> str:
        return HTTPStatus(self.status).phrase

    @property
    def code(self) -> str:
        return self.refusal.code if self.refusal else "ok"

    @property
    def tone(self) -> str:
        return tone_of(self.status)

    @property
    def param(self) -> str | None:
        return presentation.param(self.refusal) if self.refusal else None

    @cached_property
    def headline(self) -> str:
        if self.refusal is None:
            return headlines.allowed(self.explanation)
        return headlines.headline(self.explanation, self.refusal)

    @property
    def message(self) -> str:
        return self.refusal.message if self.refusal else _("A gateway lets this call pass.")

    @property
    def also(self) -> tuple[Refusal, ...]:
        return self.decision.refusals[1:]

    @property
    def recognised(self) -> bool:
        return bool(self.explanation.trace)

    @cached_property
    def rows(self) -> list[Row]:
        rights = self.explanation.rights
        holder = pgettext("between parts", ", ").join(
            name for name in (self.workspace, rights.application.name if rights else "") if name
        )
        return rows(Tracing(self.explanation, self.last4, holder))

    @property
    def rights_version(self) -> int | None:
        return self.explanation.rights.rights_version if self.explanation.rights else None

    @property
    def milliseconds(self) -> float:
        return self.explanation.took * 1000

    @property
    def token(self) -> str:
        """The token's id for links; "" where its text alone tells which it is."""
        rights = self.explanation.rights
        if rights is not None:
            return rights.token if self.own or self.named else ""
        return NO_TOKEN if self.recognised else ""

    @cached_property
    def correction(self) -> Correction | None:
        return corrected(self.explanation)

    @cached_property
    def buttons(self) -> list[Button]:
        return list(buttons(self.decision, self.token, self.correction, self.own))

    @property
    def leading(self) -> Button | None:
        """The way out to stand out: the first that leads somewhere, unless there is a corrected call to copy."""
        if self.correction is not None and self.correction.changed and self.correction.decision.allow:
            return None
        return next((button for button in self.buttons if button.href), None)

    @property
    def body(self) -> SafeString | None:
        """The error body that a client reads; an allowed call has that of the model server."""
        return snippets.of_json({"error": openai_errors.decision_body(self.decision)}) if self.refusal else None

    @property
    def native(self) -> SafeString:
        """The decision as a gateway is told it; of a publishable token not more than its holders are."""
        values: dict[str, Any] = presentation.full(self.decision)
        rights = self.explanation.rights
        if rights and rights.publishable and not self.own:
            values.pop("workspace", None)
            if values.get("granted_by"):
                values["granted_by"] = {k: v for k, v in values["granted_by"].items() if k != "id"}
        return snippets.of_json(values)

    @property
    def command(self) -> SafeString | None:
        if self.correction is None:
            return None
        anonymous = self.explanation.rights is None
        return snippets.of_command(samples.pieces(self.explanation.catalogue, self.correction.ask, anonymous=anonymous))
