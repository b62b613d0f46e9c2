"""Rules of the review desk: reviewers read them and what they did, administrators write and switch them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import clock
from accounts.access import SignedInRequest, requires
from accounts.errors import Conflict, Invalid
from accounts.paging import links, page_of
from accounts.roles import Permission
from tokens.actions import rules as actions
from tokens.forms.rules import RuleForm, SwitchForm, of_version
from tokens.models import Rule, RuleEffect, RuleVersion
from tokens.policies.rules import may_manage
from tokens.rules import preview as previews
from tokens.selectors import rules as selectors


@requires(Permission.REVIEW_READ)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """Those that are tried, in their order; with `retired` those that were."""
    retired = request.GET.get("retired") == "1"
    page = page_of(request, selectors.rules().filter(retired_at__isnull=not retired), "position", "id")
    context = {
        "page": page,
        "lines": selectors.lines(page.rows, clock.now()),
        "retired": retired,
        "may_manage": may_manage(request.user),
    }
    return render(request, "rules/list.html", context)


@requires(Permission.REVIEW_MANAGE)
def new(request: SignedInRequest) -> HttpResponse:
    effect = request.GET.get("effect", "")
    effect = effect if effect in RuleEffect.values else RuleEffect.APPROVE
    form = RuleForm(request.POST or None, effect=effect, offered=selectors.offered())
    made = _saved(request, form, None)
    if made is not None:
        return redirect("review:rule_version", made.rule.public_id, made.number)
    return _form(request, form, effect=effect)


@requires(Permission.REVIEW_READ)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    rule = selectors.find(public_id)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    uses, page = selectors.uses(rule, after=after, before=before)
    context = {
        "rule": rule,
        "line": selectors.lines([rule], clock.now())[0],
        "versions": selectors.versions(rule),
        "uses": uses,
        "page": links(request, before=page.before, after=page.after),
        "history": selectors.history(rule),
        "may_manage": may_manage(request.user),
    }
    return render(request, "rules/detail.html", context)


@requires(Permission.REVIEW_MANAGE)
def edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    rule = selectors.find(public_id)
    newest = actions.newest_version(rule)
    form = RuleForm(request.POST or None, effect=rule.effect, offered=selectors.offered(), initial=of_version(newest))
    version = _saved(request, form, rule)
    if version is None:
        return _form(request, form, effect=rule.effect, rule=rule)
    if version.number == newest.number:
        messages.success(request, _("Saved. What the rule says has not changed."))
        return redirect("review:rule", rule.public_id)
    return redirect("review:rule_version", rule.public_id, version.number)


@requires(Permission.REVIEW_READ)
@require_safe
def version(request: SignedInRequest, public_id: str, number: int) -> HttpResponse:
    """What this version would have done, before anybody switches it on."""
    rule = selectors.find(public_id)
    found = selectors.find_version(rule, number)
    told = previews.preview(found, clock.now())
    shown = previews.page(told.matched, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "rule": rule,
        "version": found,
        "told": next(one for one in selectors.versions(rule) if one.version.pk == found.pk),
        "preview": told,
        "rows": shown.rows,
        "page": links(request, before=shown.before, after=shown.after),
        "may_manage": may_manage(request.user),
    }
    return render(request, "rules/version.html", context)


@requires(Permission.REVIEW_MANAGE)
@require_POST
def on(request: SignedInRequest, public_id: str) -> HttpResponse:
    """The form names the version that was previewed, and the one that was on then."""
    rule = selectors.find(public_id)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Look at what a version would do first, and switch it on there."))
    actions.switch_on(rule=rule, number=form.cleaned_data["number"], seen=form.cleaned_data["seen"], by=request.user)
    messages.success(request, _("Switched on. It is tried on what waits and on what comes."))
    return redirect("review:rule", public_id)


@requires(Permission.REVIEW_MANAGE)
@require_POST
def off(request: SignedInRequest, public_id: str) -> HttpResponse:
    actions.switch_off(rule=selectors.find(public_id), by=request.user)
    messages.success(request, _("Switched off. It does nothing more."))
    return redirect("review:rule", public_id)


@requires(Permission.REVIEW_MANAGE)
@require_POST
def retire(request: SignedInRequest, public_id: str) -> HttpResponse:
    actions.retire_rule(rule=selectors.find(public_id), by=request.user)
    messages.success(request, _("Retired. What it did can still be read here."))
    return redirect("review:rule", public_id)


def _saved(request: SignedInRequest, form: RuleForm, rule: Rule | None) -> RuleVersion | None:
    """The version that a form which was sent made; None where there was none, or it was refused (the form says why)."""
    if request.method != "POST" or not form.is_valid():
        return None
    values: dict[str, Any] = {
        "name": form.cleaned_data["name"],
        "position": form.cleaned_data["position"],
        "conditions": form.conditions(),
        "actions": form.actions(),
        "by": request.user,
    }
    try:
        if rule is None:
            return actions.create_rule(effect=form.effect, **values)
        return actions.edit_rule(rule=rule, **values)
    except (Invalid, Conflict) as error:
        field = getattr(error, "field", None)
        form.add_error(field if field in form.fields else None, str(error.message))
        return None


def _form(request: SignedInRequest, form: RuleForm, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "rules/form.html", {"form": form, **context}, status=status)
