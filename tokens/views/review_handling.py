"""How reviewers share the work: claim, release, take over, assign, put off, wake, write. Whoever comes second reads who
was first, with what they typed still there."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.access import SignedInRequest, requires
from accounts.errors import Conflict, DomainError, Invalid
from accounts.names import isolated
from accounts.roles import Permission
from tokens.actions import handling
from tokens.actions.requests import add_message
from tokens.forms.handling import AssignForm, RemarkForm, SeenForm, SnoozeForm, TakeOverForm
from tokens.lifecycle import Action
from tokens.models import AccessRequest
from tokens.policies.requests import check_act
from tokens.selectors.review_detail import find
from tokens.selectors.reviewers import reviewers_of
from tokens.views.review_page import address, onward, show


@requires(Permission.REVIEW_DECIDE)
@require_POST
def claim(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _do(request, public_id, handling.claim_request)


@requires(Permission.REVIEW_DECIDE)
@require_POST
def release(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _do(request, public_id, handling.release_request)


@requires(Permission.REVIEW_DECIDE)
@require_POST
def wake(request: SignedInRequest, public_id: str) -> HttpResponse:
    return _do(request, public_id, handling.wake_request)


def _do(request: SignedInRequest, public_id: str, act: Callable[..., AccessRequest]) -> HttpResponse:
    access_request = find(public_id)
    try:
        act(access_request=access_request, by=request.user)
    except Conflict as error:
        return show(request, find(public_id), handling_conflict=str(error.message), status=error.status)
    return HttpResponseRedirect(address(request, access_request, "d-h"))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def take_over(request: SignedInRequest, public_id: str) -> HttpResponse:
    access_request, form = find(public_id), TakeOverForm(request.POST)
    if not form.is_valid():
        return show(request, access_request, take_over_form=form, status=422)
    values = form.cleaned_data
    try:
        handling.take_over_request(access_request=access_request, by=request.user, **values)
    except DomainError as error:
        return _refused(request, public_id, "take_over_form", form, error)
    messages.success(request, _("You have it now, and the other is told."))
    return HttpResponseRedirect(address(request, access_request, "d-h"))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def assign(request: SignedInRequest, public_id: str) -> HttpResponse:
    access_request = find(public_id)
    form = AssignForm(request.POST, people=reviewers_of(access_request))
    if not form.is_valid():
        return show(request, access_request, assign_form=form, status=422)
    to, version = form.chosen(), form.cleaned_data["version"]
    group, by = access_request.group, request.user
    try:
        handling.assign_request(access_request=access_request, to=to, group=group, version=version, by=by)
    except DomainError as error:
        return _refused(request, public_id, "assign_form", form, error)
    name = isolated(to.display_name) if to else ""
    messages.success(request, _("Assigned to %(name)s.") % {"name": name} if to else _("Nobody's now."))
    return HttpResponseRedirect(address(request, access_request, "d-h"))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def snooze(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Put it off, and open the next one."""
    access_request, form = find(public_id), SnoozeForm(request.POST, now=clock.now())
    if not form.is_valid():
        return show(request, access_request, snooze_form=form, status=422)
    version = form.cleaned_data["version"]
    try:
        after = handling.snooze_request(
            access_request=access_request, version=version, until=form.moment(), by=request.user
        )
    except DomainError as error:
        return _refused(request, public_id, "snooze_form", form, error)
    messages.success(request, _("%(application)s is put off.") % {"application": isolated(after.application.name)})
    return HttpResponseRedirect(onward(request, after))


@requires(Permission.REVIEW_DECIDE)
@require_POST
def remark(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Write to the applicant, or for reviewers only."""
    access_request, form = find(public_id), RemarkForm(request.POST)
    if not form.is_valid():
        return show(request, access_request, remark_form=form, status=422)
    text = form.cleaned_data["text"]
    try:
        # Whoever belongs to the workspace would speak for the applicant, and has a page for that.
        check_act(request.user, access_request, Action.REMARK)
        add_message(access_request=access_request, by=request.user, text=text, internal=form.internal)
    except DomainError as error:
        return _refused(request, public_id, "remark_form", form, error)
    return HttpResponseRedirect(address(request, access_request, "conversation-h"))


def _refused(
    request: SignedInRequest, public_id: str, name: str, form: RemarkForm | SeenForm, error: DomainError
) -> HttpResponse:
    """The page as it is now, with the form as it was filled in."""
    access_request = find(public_id)
    field = error.field if isinstance(error, Invalid) and error.field in form.fields else None
    form.add_error(field, str(error.message))
    if isinstance(form, SeenForm):
        form.look_again(access_request.version)
    more: dict[str, Any] = {name: form}
    return show(request, access_request, status=error.status, **more)
