"""Everything that changes an application and its domains."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import audit
from accounts.audit import Actor
from accounts.clock import now
from accounts.errors import Conflict, Invalid, TooMany
from accounts.models import User, Workspace
from tiers.actions.grants import ensure_self_service_grant
from tokens import domain_proof
from tokens.domains import HostError, is_provable, normalise_pattern
from tokens.models import Application, Domain
from tokens.models.applications import Category
from tokens.policies import applications as policies
from tokens.wording import clean_email, clean_name, clean_reason, clean_text, clean_url

EDITABLE: Final = ("name", "url", "description", "contact", "category", "secret_in_query")
PROOF_BYTES: Final = 16
SECONDS_BETWEEN_CHECKS: Final = 5


@transaction.atomic
def create_application(
    *,
    workspace: Workspace,
    name: str,
    url: str = "",
    description: str = "",
    contact: str = "",
    category: str = Category.WEB,
    by: User,
    recorded_by: Actor | None = None,
) -> Application:
    """An application of the workspace, with a slug of its own. The contact is the person where none is given. It
    stands on the self-service tier at once, so that its page shows what it may do before there is a token.
    `recorded_by`: who does this for the person, where it is somebody else."""
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    policies.check_create(by, workspace)
    given = {"name": name, "url": url, "description": description, "category": category, "contact": contact or by.email}
    values = _cleaned(given)
    application = Application.objects.create(
        workspace=workspace, slug=_free_slug(workspace, values["name"]), created_by=by, **values
    )
    after = {"slug": application.slug, **_audited(values)}
    audit.record("application.created", application, by=recorded_by or by, workspace=workspace, after=after)
    ensure_self_service_grant(workspace=workspace, by=by)
    return application


@transaction.atomic
def edit_application(*, application: Application, values: Mapping[str, Any], by: User) -> Application:
    """Change some of `EDITABLE`. The slug stays, since gateways name it in their answers and logs."""
    application = _locked(application)
    policies.check_edit(by, application)
    wanted = _cleaned(values)
    if "contact" in wanted and not wanted["contact"]:
        wanted["contact"] = by.email
    changed = {name: value for name, value in wanted.items() if getattr(application, name) != value}
    if not changed:
        return application
    before = {name: getattr(application, name) for name in changed}
    Application.objects.filter(pk=application.pk).update(**changed)
    application = _read(application.pk)
    audit.record(
        "application.edited",
        application,
        by=by,
        workspace=application.workspace,
        before=_audited(before),
        after=_audited(changed),
    )
    return application


@transaction.atomic
def suspend_application(*, application: Application, reason: str, by: User) -> Application:
    """Refuse every call of its tokens until it is resumed. Its holders are shown the reason."""
    application = _locked(application)
    policies.check_suspend(by, application)
    reason = clean_reason(reason)
    return _suspension(
        application,
        "application.suspended",
        {"suspended_at": Now(), "suspended_by": by, "suspended_reason": reason},
        reason,
        by,
    )


@transaction.atomic
def resume_application(*, application: Application, reason: str, by: User) -> Application:
    application = _locked(application)
    policies.check_resume(by, application)
    reason = clean_reason(reason)
    return _suspension(
        application,
        "application.resumed",
        {"suspended_at": None, "suspended_by": None, "suspended_reason": ""},
        reason,
        by,
    )


@transaction.atomic
def add_domain(*, application: Application, host: str, by: User) -> Domain:
    """A host name, or `*.` and one. It counts for browsers' origins at once; proving it is a mark for reviewers."""
    application = _locked(application)
    policies.check_add_domain(by, application)
    try:
        pattern = normalise_pattern(host)
    except HostError:
        message = _("Give a host name such as example.com or *.example.com, without port or path.")
        raise Invalid(message, field="host") from None
    if Domain.objects.filter(application=application, host=pattern).exists():
        raise Conflict(_("%(host)s is on the list already.") % {"host": pattern})
    domain = Domain.objects.create(
        workspace=application.workspace,
        application=application,
        host=pattern,
        proof=secrets.token_hex(PROOF_BYTES),
    )
    after = {"application": application.public_id, "host": pattern}
    audit.record("domain.added", domain, by=by, workspace=application.workspace, after=after)
    return domain


@transaction.atomic
def remove_domain(*, domain: Domain, by: User) -> None:
    """Its origins stop counting at once, also for publishable tokens that name none of their own."""
    application = _locked(domain.application)
    policies.check_edit(by, application)
    domain = _domain(domain.pk)
    before = {"application": application.public_id, "host": domain.host}
    audit.record("domain.removed", domain, by=by, workspace=application.workspace, before=before)
    domain.delete()


def prove_domain(*, domain: Domain, by: User) -> Domain:
    """Look for the proof, and note what was found: `proved_at` and how, or `check_error`.

    The network is asked before the transaction begins. An earlier proof is not taken back by a failed check."""
    policies.check_edit(by, domain.application)
    if not is_provable(domain.host):
        raise Invalid(_("Nobody can show control of an address or of localhost."), field="host")
    _claim_check(domain)
    found = domain_proof.look(domain.host, domain.proof)
    with transaction.atomic():
        application = _locked(domain.application)
        policies.check_edit(by, application)
        domain = _domain(domain.pk)
        if found.method is None:
            Domain.objects.filter(pk=domain.pk).update(check_error=found.problem[:300])
            return _domain(domain.pk)
        Domain.objects.filter(pk=domain.pk).update(proved_at=Now(), proved_method=found.method, check_error="")
        after = {"host": domain.host, "method": str(found.method)}
        audit.record("domain.proved", domain, by=by, workspace=application.workspace, after=after)
    return _domain(domain.pk)


def _claim_check(domain: Domain) -> None:
    """Let one check through each few seconds, so that the button cannot be used to hammer somebody's server."""
    with transaction.atomic():
        _locked(domain.application)
        domain = _domain(domain.pk)
        moment = now()
        if domain.checked_at is not None and (moment - domain.checked_at).total_seconds() < SECONDS_BETWEEN_CHECKS:
            raise TooMany
        Domain.objects.filter(pk=domain.pk).update(checked_at=moment)


def _locked(application: Application) -> Application:
    Workspace.objects.select_for_update(no_key=True).get(pk=application.workspace_id)
    return _read(application.pk)


def _read(pk: int) -> Application:
    return Application.objects.select_related("workspace").get(pk=pk)


def _domain(pk: int) -> Domain:
    found = Domain.objects.select_related("application__workspace").filter(pk=pk).first()
    if found is None:
        raise Conflict(_("This domain has been removed meanwhile."))
    return found


def _free_slug(workspace: Workspace, name: str) -> str:
    slug = slugify(name, allow_unicode=True)[:50].strip("-_") or "app"
    taken = set(Application.objects.filter(workspace=workspace, slug__startswith=slug).values_list("slug", flat=True))
    if slug not in taken:
        return slug
    return next(free for number in range(2, len(taken) + 3) if (free := f"{slug}-{number}") not in taken)


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = values.keys() - set(EDITABLE)
    if unknown:
        raise ValueError(f"not editable: {sorted(unknown)}")
    cleaned = dict(values)
    if "name" in values:
        cleaned["name"] = clean_name(values["name"])
    if "url" in values:
        cleaned["url"] = clean_url(values["url"])
    if "description" in values:
        cleaned["description"] = clean_text(values["description"], "description", 2000)
    if values.get("contact"):
        cleaned["contact"] = clean_email(values["contact"])
    if "category" in values and values["category"] not in Category.values:
        raise Invalid(_("Choose one of the categories."), field="category")
    return cleaned


def _audited(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the audit may keep them: a contact is personal data, so only that it changed."""
    return {name: "…" if name == "contact" and value else value for name, value in values.items()}


def _suspension(application: Application, action: str, values: Mapping[str, Any], reason: str, by: User) -> Application:
    before = {"suspended": application.suspended_at is not None, "suspended_reason": application.suspended_reason}
    Application.objects.filter(pk=application.pk).update(**values)
    application = _read(application.pk)
    after = {"suspended": application.suspended_at is not None, "suspended_reason": application.suspended_reason}
    audit.record(action, application, by=by, workspace=application.workspace, reason=reason, before=before, after=after)
    return application
