"""The issue forms that requests may be brought in from, and the secrets by which GitHub signs for them."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit, clock
from accounts.encryption import seal, unseal
from accounts.errors import Conflict, Invalid
from accounts.models import User
from accounts.roles import Permission, require
from tiers.actions.inbox import apply_by
from tiers.models import AIModel, Tier
from tokens.actions.issue_hearing import apply_event
from tokens.actions.issue_import import match_again
from tokens.issue_import.matching import FIELDS
from tokens.models import IssueForm
from tokens.policies.requests import check_offered
from tokens.wording import clean_reason, clean_text

SEALED_FOR: Final = "issue-form"
# A sender in the event inbox, though it sells nothing.
SENDER: Final = "github-issues"
# GitHub's rules for the names of owners and repositories.
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
# What else becomes of an issue is no news for us: assigned, pinned, locked …
TOLD: Final = {
    "issues": frozenset({"opened", "edited", "reopened", "closed", "labeled", "unlabeled", "deleted", "transferred"}),
    "issue_comment": frozenset({"created", "edited", "deleted"}),
}


@dataclass(frozen=True, slots=True)
class MintedForm:
    """A form and its secret in clear, to be shown once."""

    form: IssueForm
    text: str = field(repr=False)


@transaction.atomic
def add_form(
    *,
    repository: str,
    headings: Mapping[str, str],
    tier: Tier | None = None,
    model: AIModel | None = None,
    label: str = "",
    by: User,
) -> MintedForm:
    """`headings`: for some of our fields, which heading of the form it is."""
    require(by, Permission.REVIEW_MANAGE)
    repository = repository.strip().removeprefix("https://github.com/").removesuffix(".git").strip("/")
    if not _REPOSITORY.fullmatch(repository):
        raise Invalid(_("Give the repository as owner/name."), field="repository")
    if IssueForm.objects.filter(repository__iexact=repository, retired_at=None).exists():
        raise Invalid(_("There is an import from this repository already."), field="repository")
    if tier is not None:
        check_offered(tier)
    text = secrets.token_urlsafe(32)
    form = IssueForm.objects.create(
        repository=repository,
        sealed_secret=seal(text, SEALED_FOR),
        created_by=by,
        **_cleaned(headings, tier, model, label),
    )
    audit.record("issue_form.added", form, by=by, workspace=None, after=_told(form))
    return MintedForm(form, text)


@transaction.atomic
def edit_form(
    *,
    form: IssueForm,
    headings: Mapping[str, str],
    tier: Tier | None = None,
    model: AIModel | None = None,
    label: str = "",
    by: User,
) -> IssueForm:
    """What issues are read by from now on; those of which there is no access request yet are read again."""
    require(by, Permission.REVIEW_MANAGE)
    form = _locked(form)
    if tier is not None and tier != form.tier:
        check_offered(tier)
    before = _told(form)
    IssueForm.objects.filter(pk=form.pk).update(**_cleaned(headings, tier, model, label))
    form = IssueForm.objects.get(pk=form.pk)
    match_again(form=form)
    audit.record("issue_form.edited", form, by=by, workspace=None, before=before, after=_told(form))
    return form


@transaction.atomic
def suggest_headings(*, form: IssueForm, headings: Mapping[str, str], by: User) -> IssueForm:
    """Those of the first file, where nobody has said anything yet."""
    require(by, Permission.REVIEW_MANAGE)
    form = _locked(form)
    if form.headings or not headings:
        return form
    return edit_form(form=form, headings=headings, tier=form.tier, model=form.model, label=form.label, by=by)


@transaction.atomic
def rotate_secret(*, form: IssueForm, by: User) -> MintedForm:
    """The old secret ends at once: GitHub delivers again what was refused meanwhile, when asked to."""
    require(by, Permission.REVIEW_MANAGE)
    form = _locked(form)
    text = secrets.token_urlsafe(32)
    form.sealed_secret = seal(text, SEALED_FOR)
    form.save(update_fields=["sealed_secret"])
    audit.record("issue_form.secret_rotated", form, by=by, workspace=None)
    return MintedForm(form, text)


@transaction.atomic
def retire_form(*, form: IssueForm, reason: str, by: User) -> IssueForm:
    """Refuse what its webhook sends from now on. What was brought in stays."""
    require(by, Permission.REVIEW_MANAGE)
    reason = clean_reason(reason)
    form = _locked(form)
    form.retired_at = clock.now()
    form.save(update_fields=["retired_at"])
    audit.record("issue_form.retired", form, by=by, workspace=None, reason=reason)
    return form


def signed(form: IssueForm, body: bytes, signature: str) -> bool:
    """Whether GitHub's `X-Hub-Signature-256` is that of this body under the form's secret."""
    wanted = hmac.new(unseal(form.sealed_secret, SEALED_FOR).encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"sha256={wanted}".encode(), signature.encode("utf-8", "replace"))


def of_repository(form: IssueForm, body: Mapping[str, Any]) -> bool:
    """Whether the message is about the form's repository: by its immutable id, once that was told. One that names none
    is signed for this form, and is judged where it is applied."""
    found = body.get("repository")
    if not isinstance(found, dict):
        return True
    if form.repository_id is not None:
        return found.get("id") == form.repository_id
    name = found.get("full_name")
    return isinstance(name, str) and name.casefold() == form.repository.casefold()


def _locked(form: IssueForm) -> IssueForm:
    form = IssueForm.objects.select_for_update(no_key=True).get(pk=form.pk)
    if form.retired_at is not None:
        raise Conflict(_("This import was retired."))
    return form


def _cleaned(headings: Mapping[str, str], tier: Tier | None, model: AIModel | None, label: str) -> dict[str, Any]:
    if tier is not None and model is not None:
        raise Invalid(_("Choose a tier or a model, not both."), field="model")
    named = {name: clean_text(headings.get(name, ""), name, 200) for name in FIELDS}
    return {
        "headings": {name: heading for name, heading in named.items() if heading},
        "tier": tier,
        "model": model,
        "label": clean_text(label, "label", 100),
    }


def _told(form: IssueForm) -> dict[str, Any]:
    return {
        "repository": form.repository,
        "headings": form.headings,
        "tier": form.tier.slug if form.tier else None,
        "model": form.model.name if form.model else None,
        "label": form.label,
    }


apply_by(SENDER, apply_event)
