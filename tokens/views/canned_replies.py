"""Replies that reviewers insert: administrators add, edit, order and retire them."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SignedInRequest, requires
from accounts.errors import Invalid
from accounts.roles import Permission
from tokens.actions import canned_replies as actions
from tokens.forms.canned_replies import ReplyForm
from tokens.models import CannedReply
from tokens.replies import PLACEHOLDERS
from tokens.selectors import replies as selectors


@requires(Permission.REVIEW_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: SignedInRequest) -> HttpResponse:
    """All of them, with the form for another."""
    form = ReplyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_reply(by=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("Added. Reviewers can insert it from now on."))
            return HttpResponseRedirect(reverse("review:replies"))
    context = {"kinds": selectors.by_outcome(), "form": form, "placeholders": PLACEHOLDERS}
    return render(request, "replies/list.html", context, status=422 if form.is_bound else 200)


@requires(Permission.REVIEW_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    reply = get_object_or_404(CannedReply, public_id=public_id, retired_at=None)
    form = ReplyForm(request.POST or None, instance=reply)
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit_reply(reply=reply, by=request.user, **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field, str(error.message))
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("review:replies"))
    context = {"reply": reply, "form": form, "placeholders": PLACEHOLDERS}
    return render(request, "replies/edit.html", context, status=422 if form.is_bound else 200)


@requires(Permission.REVIEW_MANAGE)
@require_POST
def move(request: SignedInRequest, public_id: str) -> HttpResponse:
    reply = get_object_or_404(CannedReply, public_id=public_id)
    actions.move_reply(reply=reply, up=request.POST.get("to") == "up", by=request.user)
    return HttpResponseRedirect(reverse("review:replies"))


@requires(Permission.REVIEW_MANAGE)
@require_POST
def retire(request: SignedInRequest, public_id: str) -> HttpResponse:
    reply = actions.retire_reply(reply=get_object_or_404(CannedReply, public_id=public_id), by=request.user)
    messages.success(request, _("Retired: %(label)s. What was written with it stays.") % {"label": reply.label_en})
    return HttpResponseRedirect(reverse("review:replies"))
