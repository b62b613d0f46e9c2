"""What was asked for in GitHub's issues becomes access requests: taken in, wanted, and made once its author is here."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.audit import Actor
from accounts.errors import DomainError, Invalid
from accounts.models import User, Workspace
from accounts.policies import can_be_reached
from tiers import snapshot
from tiers.models import AIModel, Tier
from tokens.actions.applications import create_application
from tokens.actions.issue_comments import keep_comments
from tokens.actions.requests import MOST_CHARACTERS, waiting_from_now
from tokens.actions.transitions import advance, lock_workspace, read
from tokens.issue_import import bodies, matching
from tokens.issue_import.matching import Matched
from tokens.issue_import.payloads import Issue
from tokens.lifecycle import Action
from tokens.models import AccessRequest, Application, ImportedIssue, IssueForm
from tokens.policies import requests as policies
from tokens.review_terms import terms_of
from tokens.wording import clean_name, clean_text, clean_url

GITHUB: Final = "github"
BATCH: Final = 500


@dataclass(slots=True)
class Taken:
    """How many issues were new, changed since, or as they were; how many lack the form's label; and how many comments
    were new or changed."""

    new: int = 0
    changed: int = 0
    same: int = 0
    others: int = 0
    comments: int = 0


def take_in(*, form: IssueForm, issues: Iterable[Issue], wanted_by: User | None = None, wanted: bool = False) -> Taken:
    """Keep issues, each once by its immutable id; of one that came before, only what is newer, and nothing of what was
    deleted or moved away. A request that was made of one stays as its applicant and reviewers have it."""
    taken = Taken()
    for issue in issues:
        if form.label and form.label.casefold() not in {label.casefold() for label in issue.labels}:
            taken.others += 1
            continue
        kept, how = _keep(form, issue, wanted, wanted_by)
        taken.comments += keep_comments(issue=kept, comments=issue.comments)
        setattr(taken, how, getattr(taken, how) + 1)
    return taken


def known_as(issue_id: int) -> QuerySet[ImportedIssue]:
    """The issue that has this id, or had it before it was transferred."""
    return ImportedIssue.objects.filter(Q(issue_id=issue_id) | Q(former_ids__contains=[issue_id]))


@transaction.atomic
def _keep(form: IssueForm, issue: Issue, wanted: bool, wanted_by: User | None) -> tuple[ImportedIssue, str]:
    values = {
        "number": issue.number,
        "url": issue.url,
        "author_id": issue.author,
        "author_login": issue.login,
        "title": issue.title,
        "body": issue.body,
        "labels": list(issue.labels),
        "opened_at": issue.opened_at,
        "closed_at": issue.closed_at,
        "updated_at": issue.updated_at,
        **_matched_columns(form, issue.body),
    }
    if wanted and issue.closed_at is None:
        values |= {"wanted_at": clock.now(), "wanted_by": wanted_by}
    kept, is_new = known_as(issue.id).first(), False
    if kept is None:
        kept, is_new = ImportedIssue.objects.get_or_create(issue_id=issue.id, defaults={"form": form, **values})
    if is_new:
        return kept, "new"
    older = ImportedIssue.objects.filter(
        pk=kept.pk, issue_id=issue.id, deleted_at=None, updated_at__lt=issue.updated_at
    )
    return kept, "changed" if older.update(**values, problem="") else "same"


def _matched_columns(form: IssueForm, body: str) -> dict[str, Any]:
    matched: Matched = matching.match(bodies.read(body), form.headings)
    return {"matched": matched.values, "unmatched": matched.unmatched}


@transaction.atomic
def match_again(*, form: IssueForm) -> int:
    """After the form's headings changed: what is matched in issues of which there is no access request yet."""
    waiting = list(ImportedIssue.objects.select_for_update(of=("self",)).filter(form=form, access_request=None))
    for issue in waiting:
        columns = _matched_columns(form, issue.body)
        issue.matched, issue.unmatched, issue.problem = columns["matched"], columns["unmatched"], ""
    ImportedIssue.objects.bulk_update(waiting, ["matched", "unmatched", "problem"], batch_size=500)
    return len(waiting)


@transaction.atomic
def want(*, form: IssueForm, public_ids: Collection[str] | None, by: User) -> int:
    """Access requests are to be made of these issues, or of all that are open; also of those that failed before."""
    found = ImportedIssue.objects.filter(form=form, access_request=None, closed_at=None)
    if public_ids is not None:
        found = found.filter(public_id__in=public_ids)
    number = found.update(wanted_at=Now(), wanted_by=by, problem="")
    audit.record("issues.wanted", form, by=by, workspace=None, after={"issues": number})
    return number


def open_waiting(*, by: Actor) -> int:
    """Make the access requests of wanted issues whose author has an account by now; how many were made. What fails is
    noted on the issue, for whoever wanted it."""
    made = 0
    for pk in ready()[:BATCH]:
        made += open_request(pk=pk, by=by) is not None
    return made


def ready() -> list[int]:
    """Wanted issues whose author signs in with GitHub here, oldest first."""
    waiting = ImportedIssue.objects.filter(access_request=None, wanted_at__isnull=False, problem="", closed_at=None)
    authors = {str(author) for author in waiting.values_list("author_id", flat=True).distinct()}
    known = SocialAccount.objects.filter(provider=GITHUB, uid__in=authors).values_list("uid", flat=True)
    theirs = waiting.filter(author_id__in=[int(uid) for uid in known])
    return list(theirs.order_by("opened_at").values_list("pk", flat=True))


def open_request(*, pk: int, by: Actor) -> AccessRequest | None:
    """The access request of one issue. None where its author is not known or reachable yet, or where it cannot be made:
    then the issue says why. Called twice it makes one."""
    person = _author(pk)
    if person is None or not can_be_reached(person):
        return None
    try:
        with transaction.atomic():
            return _opened(pk, person, by)
    except DomainError as error:
        ImportedIssue.objects.filter(pk=pk, access_request=None).update(problem=str(error.message)[:300])
        return None


def _author(pk: int) -> User | None:
    author = ImportedIssue.objects.values_list("author_id", flat=True).get(pk=pk)
    account = SocialAccount.objects.select_related("user").filter(provider=GITHUB, uid=str(author)).first()
    return account.user if account else None


def _opened(pk: int, person: User, by: Actor) -> AccessRequest | None:
    """The workspace is locked before the issue, as everywhere. Reviewers get no mail of each: they may be hundreds."""
    workspace = lock_workspace(Workspace.objects.get(personal_of=person).pk)
    joined = ImportedIssue.objects.select_related("form__tier", "form__model", "access_request", "wanted_by")
    issue = joined.select_for_update(of=("self",), no_key=True).get(pk=pk)
    if issue.access_request is not None or issue.wanted_at is None:
        return issue.access_request
    actor: Actor = issue.wanted_by or by
    tier, model = _subject(issue)
    application = _application(issue, workspace, person, actor)
    policies.check_none_open(application, tier, model)
    policies.check_subject(application, tier, model)
    asked = AccessRequest.objects.create(
        workspace=workspace,
        application=application,
        applicant=person,
        tier=tier,
        model=model,
        previous=policies.last_decided(application, tier, model),
        **_texts(issue),
    )
    after = advance(
        read(asked.pk),
        Action.SUBMIT,
        "request.imported",
        by=actor,
        more={"issue": issue.number, "repository": issue.in_repository},
        **{**waiting_from_now(asked), "submitted_at": issue.opened_at, "due_at": clock.now() + terms_of(tier).target},
    )
    ImportedIssue.objects.filter(pk=issue.pk).update(access_request=after)
    return after


def _subject(issue: ImportedIssue) -> tuple[Tier | None, AIModel | None]:
    """What the issue names, else what its form is for. Raises Invalid where neither says."""
    catalogue = snapshot.load()
    model = matching.model_named(catalogue, issue.matched.get("model", ""))
    if model is not None:
        return None, AIModel.objects.select_related("tier").get(name=model)
    tier = matching.tier_named(catalogue, issue.matched.get("tier", ""))
    if tier is not None:
        return Tier.objects.get(slug=tier), None
    if issue.form.tier is None and issue.form.model is None:
        raise Invalid(_("It does not say which tier or model is asked for, and its form is for none."))
    return issue.form.tier, issue.form.model


def _application(issue: ImportedIssue, workspace: Workspace, person: User, actor: Actor) -> Application:
    """The author's application of that name, or a new one."""
    name = _name(issue)
    found = Application.objects.filter(workspace=workspace, name__iexact=name).order_by("id").first()
    if found is not None:
        return found
    return create_application(
        workspace=workspace,
        name=name,
        url=_or_nothing(clean_url, issue.matched.get("website", "").split(maxsplit=1)),
        by=person,
        recorded_by=actor,
    )


def _name(issue: ImportedIssue) -> str:
    first = (issue.matched.get("application") or issue.title or f"Issue {issue.number}").split("\n")[0]
    try:
        return clean_name(first[:80])
    except Invalid:
        return f"Issue {issue.number}"


def _or_nothing(clean: Any, words: list[str]) -> str:
    """A web address that is none stays among what was matched, where reviewers see it."""
    try:
        return str(clean(words[0])) if words else ""
    except Invalid:
        return ""


def _texts(issue: ImportedIssue) -> Mapping[str, Any]:
    """Cut to what fits; the whole stays on the issue."""
    purpose = issue.matched.get("purpose") or issue.body
    given = {"purpose": purpose, "users": issue.matched.get("users", ""), "links": issue.matched.get("links", "")}
    volume = matching.calls_a_day(issue.matched.get("expected_volume", ""))
    return {**{name: _fitting(text, name) for name, text in given.items()}, "expected_volume": volume}


def _fitting(text: str, name: str) -> str:
    text = "".join(character for character in text if character in "\n\t" or character.isprintable())
    try:
        return clean_text(text[: MOST_CHARACTERS[name]], name, MOST_CHARACTERS[name])
    except Invalid:  # Characters that reorder the text around them.
        return ""
