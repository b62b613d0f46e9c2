"""What the pages of imports read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from allauth.socialaccount.models import SocialAccount
from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import NotFound
from tokens.issue_import.matching import FIELDS
from tokens.models import AccessRequest, ImportedIssue, IssueForm

WAITING, AUTHORS, FAILED, MADE, CLOSED = "new", "author", "failed", "made", "closed"
# Tab → what it is called, and which issues it shows.
TABS: Final[dict[str, tuple[Promise, Q]]] = {
    WAITING: (_("To look at"), Q(access_request=None, wanted_at=None, closed_at=None)),
    AUTHORS: (
        _("Waiting for the author"),
        Q(access_request=None, wanted_at__isnull=False, problem="", closed_at=None),
    ),
    FAILED: (_("Not possible"), Q(access_request=None, closed_at=None) & ~Q(problem="")),
    MADE: (_("Access requests"), Q(access_request__isnull=False)),
    CLOSED: (_("Closed on GitHub"), Q(access_request=None, closed_at__isnull=False)),
}
MOST_HEADINGS: Final = 200


def forms() -> QuerySet[IssueForm]:
    open_ones = Q(issues__access_request=None, issues__closed_at=None)
    return IssueForm.objects.annotate(
        waiting=Count("issues", filter=open_ones), made=Count("issues", filter=Q(issues__access_request__isnull=False))
    )


def find_form(public_id: str) -> IssueForm:
    form = IssueForm.objects.select_related("tier", "model").filter(public_id=public_id).first()
    if form is None:
        raise NotFound
    return form


@dataclass(frozen=True, slots=True)
class Tab:
    slug: str
    label: Promise
    count: int


def tabs(form: IssueForm) -> list[Tab]:
    counts = form.issues.aggregate(**{slug: Count("pk", filter=which) for slug, (_label, which) in TABS.items()})
    return [Tab(slug, label, counts[slug]) for slug, (label, _which) in TABS.items()]


def issues(form: IssueForm, tab: str) -> QuerySet[ImportedIssue]:
    return form.issues.filter(TABS[tab][1]).select_related("access_request")


def issue(form: IssueForm, public_id: str) -> ImportedIssue | None:
    return form.issues.select_related("access_request", "wanted_by").filter(public_id=public_id).first()


def named_headings(form: IssueForm) -> list[tuple[Promise, str]]:
    """What of ours is which heading."""
    return [(label, form.headings[name]) for name, (label, _words) in FIELDS.items() if form.headings.get(name)]


@dataclass(frozen=True, slots=True)
class Row:
    """`known`: whether the author has an account here already."""

    issue: ImportedIssue
    known: bool


def rows(found: Iterable[ImportedIssue]) -> list[Row]:
    listed = list(found)
    authors = {str(issue.author_id) for issue in listed}
    known = set(SocialAccount.objects.filter(provider="github", uid__in=authors).values_list("uid", flat=True))
    return [Row(issue, str(issue.author_id) in known) for issue in listed]


def headings(form: IssueForm) -> list[str]:
    """All headings that the newest issues of the form have, so that one can be chosen."""
    found: dict[str, None] = {}
    for named in form.headings.values():
        found[named] = None
    for unmatched in form.issues.order_by("-id").values_list("unmatched", flat=True)[:50]:
        found.update(dict.fromkeys(heading for heading in unmatched if heading))
    return list(found)[:MOST_HEADINGS]


@dataclass(frozen=True, slots=True)
class Filed:
    """Where an access request was filed first: the issue, and what of it is in no field of ours."""

    issue: ImportedIssue
    matched: list[tuple[Promise, str]]
    unmatched: list[tuple[str, str]]


def filed(issue: ImportedIssue) -> Filed:
    matched = [(label, issue.matched[name]) for name, (label, _words) in FIELDS.items() if issue.matched.get(name)]
    # PostgreSQL keeps the keys of an object in an order of its own.
    unmatched = sorted(issue.unmatched.items(), key=lambda answer: issue.body.find(f"# {answer[0]}"))
    return Filed(issue, matched, unmatched)


def filed_as(access_request: AccessRequest) -> Filed | None:
    """None for what was asked here. One query."""
    issue = ImportedIssue.objects.select_related("form").filter(access_request=access_request).first()
    return filed(issue) if issue else None
