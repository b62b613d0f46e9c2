"""The daily digest of the review queue: once a day, to each reviewer who has not switched it off, if anything waits."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from accounts import clock
from accounts.backends import may_sign_in
from accounts.models import User
from tiers.claims import claimed
from tokens.mailing import send
from tokens.models import AccessRequest, DigestMail, Mention
from tokens.models.requests import TO_DECIDE
from tokens.selectors.reviewers import reviewers

# For so long after its hour it is still the morning's: later it would tell of what is done.
_FRESH: Final = timedelta(hours=8)
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Oldest:
    access_request: AccessRequest
    asked: str
    age: timedelta
    over: bool
    link: str


@dataclass(frozen=True, slots=True)
class Digest:
    """What one reviewer is told. `mine`: claimed by them or assigned to them."""

    waiting: int
    over: int
    mine: int
    mentions: int
    oldest: list[Oldest]


def send_due() -> int:
    """Send what today's hour has come for; how many. May be run as often as one likes, by several workers."""
    now = clock.now()
    if settings.REVIEW_DIGEST_AT is None:
        return 0
    hour = datetime.combine(now.date(), settings.REVIEW_DIGEST_AT, UTC)
    if not hour <= now < hour + _FRESH:
        return 0
    had = DigestMail.objects.filter(day=hour.date(), mailed_at__isnull=False).values("person")
    people = reviewers().filter(review_digest=True).exclude(pk__in=had).order_by("pk")
    return sum(_send_once(person, hour) for person in people if may_sign_in(person))


def _send_once(person: User, hour: datetime) -> bool:
    """A worker that is killed between the mail and its mark lets it be sent again."""
    with claimed(f"digest:{person.pk}:{hour.date()}") as ours:
        if not ours or _was_sent(person, hour.date()):
            return False
        found = digest(person, hour)
        if not (found.waiting or found.mentions):
            return False
        mail, _made = DigestMail.objects.get_or_create(person=person, day=hour.date())
        send(person, "digest", {"digest": found, "link": settings.SITE_URL + reverse("review:queue")})
        DigestMail.objects.filter(pk=mail.pk).update(mailed_at=Now())
    return True


def _was_sent(person: User, day: date) -> bool:
    return DigestMail.objects.filter(person=person, day=day, mailed_at__isnull=False).exists()


def digest(person: User, now: datetime) -> Digest:
    """Of what this person may decide, was sent by then, and is not snoozed. Three queries."""
    waiting = _waiting(person, now)
    counts = waiting.aggregate(
        waiting=Count("pk"),
        over=Count("pk", filter=Q(due_at__lt=now)),
        mine=Count("pk", filter=Q(claimed_by=person) | Q(assigned_to=person)),
    )
    first = waiting.select_related("application", "tier", "model").order_by("due_at", "id")[:_SHOWN]
    return Digest(
        **counts,
        mentions=Mention.objects.filter(person=person, seen_at=None).count(),
        oldest=[_told(access_request, now) for access_request in first],
    )


def _waiting(person: User, now: datetime) -> QuerySet[AccessRequest]:
    awake = Q(snoozed_at=None) | Q(snoozed_until__lte=now)
    sent = AccessRequest.objects.filter(awake, state__in=TO_DECIDE, submitted_at__lte=now)
    return sent.exclude(workspace__memberships__user=person)


def _told(access_request: AccessRequest, now: datetime) -> Oldest:
    link = settings.SITE_URL + reverse("review:detail", args=[access_request.public_id])
    asked = str(access_request.tier or access_request.model)
    since, due = access_request.submitted_at or now, access_request.due_at or now
    return Oldest(access_request, asked, now - since, due < now, link)
