"""Every check of a decision as one line, in the order of the contract. Pure but for gettext."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tiers.words import said
from tokens.explaining import allowances
from tokens.explaining.headlines import headline
from tokens.gateway import outlook
from tokens.gateway.ask import Pass, Refusal
from tokens.gateway.decision import Case
from tokens.gateway.explanations import Explanation
from tokens.gateway.reasons import REASONS


class Outcome(StrEnum):
    """What a check said. LATER: it would refuse once what refuses before it is put right. ASIDE: it has no say."""

    PASSED = "passed"
    REFUSED = "refused"
    LATER = "later"
    ASIDE = "aside"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Row:
    """`held` and `needed`: slugs of tiers, which stand before `text`."""

    name: str
    outcome: Outcome
    text: str
    note: str = ""
    status: int = 200
    held: str = ""
    needed: str = ""

    @property
    def tone(self) -> str:
        if self.outcome in {Outcome.REFUSED, Outcome.LATER}:
            return tone_of(self.status)
        return "ok" if self.outcome is Outcome.PASSED else "mute"

    @property
    def said(self) -> str:
        """The outcome in a word, for those who do not see the glyph."""
        return {
            Outcome.PASSED: _("passed"),
            Outcome.REFUSED: _("refused"),
            Outcome.LATER: _("would refuse next"),
            Outcome.ASIDE: _("not decisive"),
            Outcome.NOT_REACHED: _("not reached"),
        }[self.outcome]


def tone_of(status: int) -> str:
    """What can be obtained or waited for warns; what is wrong is bad."""
    return "ok" if status == 200 else "warn" if status in {402, 429} else "bad"


@dataclass(frozen=True)
class Tracing:
    """One explanation on its way to rows. `last4`: of the token's text, where it is known; `holder`: the names to show
    of workspace and application."""

    explanation: Explanation
    last4: str = ""
    holder: str = ""
    found: dict[str, tuple[Refusal, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.found.update(self.explanation.trace)

    @property
    def case(self) -> Case:
        return self.explanation.case

    @property
    def rights(self) -> Pass | None:
        return self.explanation.rights

    def row(self, name: str, checks: tuple[str, ...], passed: str, note: str = "", *, reached: bool = True) -> Row:
        """What these checks found; `passed` is said where they found nothing."""
        refusals = [refusal for check in checks for refusal in self.found.get(check, ())]
        if refusals:
            return self.refused(name, refusals[0])
        if not (reached and self.explanation.trace):
            return Row(name, Outcome.NOT_REACHED, _("not reached"))
        return Row(name, Outcome.PASSED, passed, note)

    def refused(self, name: str, refusal: Refusal) -> Row:
        status = REASONS[refusal.code].status
        first = refusal is self.explanation.decision.reason
        outcome = Outcome.REFUSED if first else Outcome.LATER
        return Row(name, outcome, headline(self.explanation, refusal), str(status), status)


def rows(tracing: Tracing) -> list[Row]:
    return [row for make in _ROWS for row in make(tracing)]


Rows = Iterator[Row]


def _token(tracing: Tracing) -> Rows:
    name, reason = _("Token"), tracing.explanation.decision.reason
    if not tracing.explanation.trace and reason is not None:
        yield tracing.refused(name, reason)
    elif tracing.rights is None:
        yield tracing.row(name, (), _("none: the call runs as the anonymous tier"))
    else:
        note = f"…{tracing.last4}" if tracing.last4 else ""
        yield tracing.row(name, ("token_form", "token_alive"), _("well-formed, known, live"), note)


def _holder(tracing: Tracing) -> Rows:
    nobody = tracing.rights is None
    text = _("nobody is named") if nobody else _("%(holder)s: active") % {"holder": tracing.holder}
    yield tracing.row(_("Holder"), ("suspension",), text)


def _place(tracing: Tracing) -> Rows:
    rights = tracing.rights
    if rights is None or not (rights.publishable or rights.allowed_hosts or rights.allowed_networks):
        text = _("any will do") if rights is None else _("secret token: any will do")
    else:
        text = _("allowed from there")
    yield tracing.row(_("Origin, address"), ("origin", "address"), text)


def _endpoint(tracing: Tracing) -> Rows:
    match = tracing.case.match
    text = said(match.operation.label) if match else ""
    yield tracing.row(_("Endpoint"), ("endpoint",), text, tracing.case.ask.method.upper())


def _model(tracing: Tracing) -> Rows:
    case = tracing.case
    name = format_html("<code>{}</code>", case.model.name) if case.model else ""
    if case.match and not case.match.model and not case.ask.model:
        text = format_html(_("none named, so it is {model}"), model=name)
    elif case.model and case.model_name != case.model.name:
        asked = format_html("<code>{}</code>", case.model_name)
        text = format_html(_("{asked} is another name of {model}"), asked=asked, model=name)
    else:
        text = format_html(_("{model} is in the catalogue"), model=name)
    yield tracing.row(_("Model"), ("model",), text, reached=case.model is not None)


def _restrictions(tracing: Tracing) -> Rows:
    rights = tracing.rights
    if rights and (rights.allowed_models or rights.allowed_operations or rights.allowed_permissions):
        text = _("within what its holder allows")
    else:
        text = _("unrestricted")
    yield tracing.row(_("Token’s restrictions"), ("scope",), text)


def _holding(tracing: Tracing) -> Rows:
    """Two lines of one check: the tier, and whatever else may open the model."""
    tier, more, model = _("Tier"), _("Grants, early access"), tracing.case.usable_model
    if model is None or not tracing.explanation.trace:
        yield Row(tier, Outcome.NOT_REACHED, _("not reached"))
        yield Row(more, Outcome.NOT_REACHED, _("not reached"))
        return
    refusal = next(iter(tracing.found.get("held", ())), None)
    row = _tier_row(tracing, tier, refusal)
    yield row
    if refusal is not None and (row.outcome is Outcome.ASIDE or refusal.code not in _OF_THE_TIER):
        yield tracing.refused(more, refusal)
    elif refusal is not None:
        yield Row(more, Outcome.ASIDE, _("none that opens it"))
    else:
        yield Row(more, Outcome.PASSED, _opened_by(tracing))


_OF_THE_TIER: Final = frozenset({"tier_required", "token_missing"})


def _tier_row(tracing: Tracing, name: str, refusal: Refusal | None) -> Row:
    case, model = tracing.case, tracing.case.usable_model
    held = case.stands.tier
    needed = case.catalogue.tiers.get((model.tier if model else None) or "")
    if needed is None or (model and model.gated):
        return Row(name, Outcome.ASIDE, _("no tier opens it"), held=held.slug)
    if refusal is not None and refusal.code in _OF_THE_TIER:
        told = tracing.refused(name, refusal)
        return Row(name, told.outcome, "", told.note, told.status, held.slug, needed.slug)
    enough = held.rank >= needed.rank
    return Row(name, Outcome.PASSED if enough else Outcome.ASIDE, "", held=held.slug, needed=needed.slug)


def _opened_by(tracing: Tracing) -> str:
    decision = tracing.explanation.decision
    if decision.tries_left is not None:
        left = decision.tries_left
        return ngettext("a free try; %(left)d left after it", "a free try; %(left)d left after it", left) % {
            "left": left
        }
    if decision.granted_by and decision.granted_by.source == "free_try":
        return _("a free try would open it")
    by, tier = decision.granted_by, tracing.case.stands.grant
    if by is None or (tier is not None and (by.source, by.source_id) == (tier.source, tier.source_id)):
        return _("not needed")
    return _("a grant of the model opens it")


def _served(tracing: Tracing) -> Rows:
    case = tracing.case
    reached = case.match is not None and case.usable_model is not None
    yield tracing.row(_("Served there"), ("served",), _("yes"), reached=reached)


def _rate(tracing: Tracing) -> Rows:
    name = _("Rate, allowance")
    if not tracing.explanation.trace:
        yield Row(name, Outcome.NOT_REACHED, _("not reached"))
        return
    row = tracing.row(name, (outlook.RATE, outlook.ALLOWANCE), "", _("nothing spent"))
    yield replace(row, text=allowances.told(tracing.explanation))


_ROWS: Final[tuple[Callable[[Tracing], Rows], ...]] = (
    _token,
    _holder,
    _place,
    _endpoint,
    _model,
    _restrictions,
    _holding,
    _served,
    _rate,
)
