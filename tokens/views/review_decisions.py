"""The decisions of a reviewer: what was typed is kept whatever stands in the way."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock, effect
from accounts.access import SignedInRequest, requires
from accounts.errors import Conflict, DomainError, Invalid
from accounts.names import isolated
from accounts.roles import Permission
from tiers import snapshot
from tiers.facts import Catalogue
from tokens.actions import reviews
from tokens.actions.undoing import reopen_request, undo_batch, undo_decision
from tokens.forms.review import APPROVED, CHANGES, DecisionForm, ReopenForm, TermsForm
from tokens.models import AccessRequest, Decision, Outcome
from tokens.policies.approvals import models_of_tier, terms_to_grant
from tokens.policies.decisions import check_reopen
from tokens.selectors.decisions import endorsement
from tokens.selectors.review_changes import Changes, as_given
from tokens.selectors.review_detail import changes_of, find, tiers_to_grant
from tokens.views.review_page import address, onward, show


@requires(Permission.REVIEW_DECIDE)
@require_POST
def decide(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Carry the decision out and open the next one, which offers to undo it. What cannot be done is said above what was
    typed."""
    access_request = find(public_id)
    form = DecisionForm(request.POST, **_offered(access_request, *snapshot.kept_now()))
    if not form.is_valid():
        return show(request, access_request, form=form, status=422)
    try:
        decided = _carry_out(form, access_request, request)
    except Invalid as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return show(request, access_request, form=form, status=error.status)
    except Conflict as error:
        return show(request, find(public_id), form=form, conflict=str(error.message), status=error.status)
    return HttpResponseRedirect(onward(request, decided))


def _carry_out(form: DecisionForm, access_request: AccessRequest, request: SignedInRequest) -> AccessRequest:
    values = form.cleaned_data
    if values["decision"] == APPROVED:
        return reviews.approve_request(
            access_request=access_request,
            version=values["version"],
            tier=form.tier_chosen(),
            models=form.models_chosen(),
            permissions=form.may(),
            until=form.ends_at(clock.now()),
            limits=form.limits(),
            note=values["note"],
            by=request.user,
        )
    version, note, by = values["version"], values["note"], request.user
    if values["decision"] == CHANGES:
        return reviews.ask_for_changes(access_request=access_request, version=version, text=note, by=by)
    return reviews.reject_request(access_request=access_request, version=version, reason=note, by=by)


@requires(Permission.REVIEW_DECIDE)
@require_safe
def preview(request: SignedInRequest, public_id: str) -> HttpResponse:
    """What an approval on the terms of a form that is being filled in would change: that part of the page alone."""
    access_request = find(public_id)
    now, catalogue = snapshot.kept_now()
    form = TermsForm(request.GET, **_offered(access_request, now, catalogue))
    context = {"asked": access_request, "h": "h2", "problem": "", "chosen": True}
    try:
        context["changes"] = _previewed(form, access_request, now, catalogue)
    except Invalid as error:
        context["problem"] = str(error.message)
    return render(request, "review/changing.html", context)


def _offered(access_request: AccessRequest, now: datetime, catalogue: Catalogue) -> dict[str, Any]:
    """What the forms are made of."""
    models = models_of_tier(catalogue, access_request.tier, now)
    return {"tiers": tiers_to_grant(access_request), "models": models, "first": endorsement(access_request)}


def _previewed(form: TermsForm, access_request: AccessRequest, now: datetime, catalogue: Catalogue) -> Changes:
    """Raises Invalid with what is wrong first."""
    if not form.is_valid():
        raise Invalid(next(str(error) for errors in form.errors.values() for error in errors))
    terms = terms_to_grant(
        access_request, form.tier_chosen(), form.models_chosen(), form.may(), form.ends_at(now), form.limits()
    )
    return changes_of(access_request, catalogue, now, given=as_given(access_request, terms))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def undo(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Undo a decision, or all of the batch that it was made in, and open what is to be decided again."""
    access_request = find(public_id)
    if batch := request.POST.get("batch", "")[:12]:
        return _undo_batch(request, batch)
    decisions = Decision.objects.filter(access_request=access_request)
    decision = decisions.filter(public_id=request.POST.get("decision", "")).select_related("access_request").first()
    try:
        if decision is None:
            raise Conflict(_("There is no such decision to undo."))
        undone = undo_decision(decision=decision, by=request.user)
    except DomainError as error:
        messages.warning(request, str(error.message))
        return HttpResponseRedirect(address(request, access_request, "d-h"))
    done = _("The decision on %(application)s is undone, and nobody was mailed.")
    told = done % {"application": isolated(undone.application.name)}
    if decision.outcome == Outcome.APPROVED:
        effect.say(request, told, undone.workspace)
    else:  # It had given nothing, so there is nothing that gateways were to be told.
        messages.success(request, told)
    return HttpResponseRedirect(address(request, undone, "d-h"))


def _undo_batch(request: SignedInRequest, batch: str) -> HttpResponse:
    undone, refused = undo_batch(batch=batch, by=request.user)
    if undone:
        messages.success(request, _("Undone, and nobody was mailed: %(number)d.") % {"number": len(undone)})
    for decision, why in refused:
        messages.warning(request, f"{isolated(decision.access_request.application.name)}: {why}")
    return HttpResponseRedirect(reverse("review:queue"))


@requires(Permission.REVIEW_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: SignedInRequest, public_id: str) -> HttpResponse:
    """A page that says what reopening takes back, with its form."""
    access_request = find(public_id)
    form = ReopenForm(request.POST or None)
    problem, status = "", 200
    try:
        check_reopen(request.user, access_request)
        if request.method == "POST" and form.is_valid():
            return _reopened(request, access_request, form)
        status = 422 if form.is_bound else 200
    except Invalid as error:
        form.add_error("reason", str(error.message))
        status = error.status
    except Conflict as error:
        problem, status = str(error.message), error.status
    context = {"asked": access_request, "form": form, "problem": problem}
    return render(request, "review/reopen.html", context, status=status)


def _reopened(request: SignedInRequest, access_request: AccessRequest, form: ReopenForm) -> HttpResponse:
    reopened = reopen_request(access_request=access_request, by=request.user, **form.cleaned_data)
    done = _("%(application)s is reopened. The applicant is told why.") % {
        "application": isolated(reopened.application.name)
    }
    effect.say(request, done, reopened.workspace)
    return HttpResponseRedirect(address(request, reopened, "d-h"))
