"""What a version of a rule would have done with the access requests of the last 90 days, beside what became of them.

The same matching on the same facts as when it is on: signals as they are stored, the rest as of then where rows keep
their past. What is as it is today, the page says."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tiers.models import Tier
from tokens.models import AccessRequest, RequestState, RuleEffect, RuleVersion
from tokens.rules.conditions import Answer
from tokens.rules.facts import JOINED, facts_of_many
from tokens.rules.matching import Check, Verdict, matches, parts_of
from tokens.rules.standing import people_behind

OVER: Final = timedelta(days=90)
MOST: Final = 2000
SIZE: Final = 25


class Became(StrEnum):
    """What people made of it, those first who disagree with a rule that approves."""

    REJECTED = "rejected"
    ASKED = "asked"
    LESS = "less"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    WAITS = "waits"
    BY_RULE = "by_rule"
    APPROVED = "approved"


WORDS: Final[dict[Became, Promise]] = {
    Became.REJECTED: _("people rejected it"),
    Became.ASKED: _("people asked for changes"),
    Became.LESS: _("people gave less"),
    Became.WITHDRAWN: _("withdrawn"),
    Became.HELD: _("in somebody's hands"),
    Became.WAITS: _("still waits"),
    Became.BY_RULE: _("a rule approved it"),
    Became.APPROVED: _("people approved it"),
}
_OWN: Final = (
    "public_id state expected_volume language signals_at submitted_at decided_rule workspace application applicant tier"
    " model granted_tier granted_models"
)
# What facts and the list need of thousands, and no more.
_COLUMNS: Final = (
    *_OWN.split(),
    "workspace__suspended_at",
    "application__suspended_at",
    "application__name",
    "applicant__is_active",
    "applicant__date_joined",
    "applicant__email",
    "tier__slug",
    "tier__rank",
    "model__name",
    "granted_tier__rank",
)
TONES: Final[dict[Became, str]] = {
    Became.REJECTED: "bad",
    Became.ASKED: "warn",
    Became.LESS: "warn",
    Became.WITHDRAWN: "mute",
    Became.HELD: "info",
    Became.WAITS: "info",
    Became.BY_RULE: "ok",
    Became.APPROVED: "ok",
}
_ORDER: Final = list(Became)
_STATES: Final = {
    RequestState.REJECTED: Became.REJECTED,
    RequestState.CHANGES_REQUESTED: Became.ASKED,
    RequestState.WITHDRAWN: Became.WITHDRAWN,
    RequestState.IN_REVIEW: Became.HELD,
    RequestState.SUBMITTED: Became.WAITS,
}


@dataclass(frozen=True, slots=True)
class Row:
    access_request: AccessRequest
    verdict: Verdict
    became: Became

    @property
    def words(self) -> Promise:
        return WORDS[self.became]

    @property
    def tone(self) -> str:
        return TONES[self.became]


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the plot, in hundredths of its width, as SVG writes them."""

    words: Promise
    tone: str
    number: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Page:
    """`before` and `after` are cursors, "" at an end."""

    rows: list[Row]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """`looked_at` of `sent`: the newest ones. `matched` in the order in which they are shown. `unmet`: how often each
    condition was what a request lacked, and in how many of these cases it could not be checked."""

    sent: int
    looked_at: int
    matched: list[Row]
    became: Counter[Became]
    unmet: list[tuple[str, int, int]]
    since: datetime

    @property
    def shares(self) -> list[Share]:
        """What became of what fits, in the order of the list."""
        found, x = [], 0.0
        for one in (one for one in _ORDER if self.became[one]):
            width = 100 * self.became[one] / len(self.matched)
            found.append(Share(WORDS[one], TONES[one], self.became[one], f"{x:.3f}", f"{width:.3f}"))
            x += width
        return found

    @property
    def percent(self) -> float:
        """How many in a hundred of those looked at fit."""
        return 100 * len(self.matched) / self.looked_at if self.looked_at else 0.0

    @property
    def waits(self) -> int:
        return self.became[Became.WAITS]

    @property
    def disagreed(self) -> int:
        return sum(self.became[one] for one in (Became.REJECTED, Became.ASKED, Became.LESS))


def preview(version: RuleVersion, now: datetime) -> Preview:
    """A fixed number of queries, however many requests."""
    since = now - OVER
    sent = AccessRequest.objects.filter(submitted_at__gte=since)
    newest = sent.select_related(*JOINED, "granted_tier").only(*_COLUMNS).order_by("-submitted_at", "-pk")
    requests = list(newest[:MOST])
    verdicts = verdicts_on(version, requests)
    most = Tier.objects.filter(slug=version.actions.get("tier") or "").first()
    matched = [Row(one, verdicts[one.pk], became(one, most)) for one in requests if verdicts[one.pk].matches]
    if version.rule.effect == RuleEffect.APPROVE:
        matched.sort(key=lambda row: _ORDER.index(row.became))
    return Preview(
        sent=sent.count(),
        looked_at=len(requests),
        matched=matched,
        became=Counter(row.became for row in matched),
        unmet=_unmet(verdicts.values()),
        since=since,
    )


def verdicts_on(version: RuleVersion, requests: Sequence[AccessRequest]) -> dict[int, Verdict]:
    """By primary key, as `applying` finds them."""
    facts = facts_of_many(requests, parts_of([version]))
    behind = people_behind([version.rule])[version.rule.public_id]
    return {pk: matches(known, version, behind) for pk, known in facts.items()}


def became(access_request: AccessRequest, most: Tier | None) -> Became:
    """`most`: the highest tier that the rule gives, where it does not give what is asked for."""
    if access_request.state != RequestState.APPROVED:
        return _STATES[RequestState(access_request.state)]
    if access_request.decided_rule_id is not None:
        return Became.BY_RULE
    asked, given = access_request.tier, access_request.granted_tier
    if asked and given is None:
        return Became.LESS
    would_give = min(asked.rank, most.rank) if asked and most else asked.rank if asked else 0
    return Became.LESS if given and given.rank < would_give else Became.APPROVED


def _unmet(verdicts: Iterable[Verdict]) -> list[tuple[str, int, int]]:
    """The most frequent first."""
    failed = [check for verdict in verdicts for check in verdict.failed]
    named = {_key(check): check.words for check in {_key(check): check for check in failed}.values()}
    counts = Counter(_key(check) for check in failed)
    unknown = Counter(_key(check) for check in failed if check.answer is Answer.UNKNOWN)
    return [(named[key], number, unknown[key]) for key, number in counts.most_common()]


def _key(check: Check) -> str:
    return check.field or str(check.always)


def page(matched: Sequence[Row], *, after: str = "", before: str = "") -> Page:
    """One page of the list. A cursor is an access request's public id; one that is not there gives the first page."""
    places = {row.access_request.public_id: number for number, row in enumerate(matched)}
    start = places[after] + 1 if after in places else 0
    if before in places:
        start = max(places[before] - SIZE, 0)
    rows = list(matched[start : start + SIZE])
    return Page(
        rows,
        before=rows[0].access_request.public_id if rows and start else "",
        after=rows[-1].access_request.public_id if rows and start + SIZE < len(matched) else "",
    )
