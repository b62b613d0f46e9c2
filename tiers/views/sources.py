"""Shops that may send us Standard Webhooks. A secret is shown once, in the answer to the form that made it."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import SignedInRequest, requires
from accounts.clock import now
from accounts.paging import page_of
from accounts.reauthentication import reauthenticated
from accounts.roles import Permission
from tiers.actions import webhook_sources as actions
from tiers.actions.webhook_sources import MintedSource
from tiers.forms.sources import RetireForm, RotateSecretForm, SourceForm
from tiers.models import WebhookSource
from tiers.selectors import sources as selectors
from tiers.views.forms_sent import answer, taken

PAGE_METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.PAYMENTS_MANAGE)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    moment = now()
    page = page_of(request, selectors.sources(), "-id")
    rows = [selectors.row(source, moment) for source in page.rows]
    return render(request, "events/sources.html", {"page": page, "rows": rows, "site_url": settings.SITE_URL})


@requires(Permission.PAYMENTS_MANAGE)
@reauthenticated
@never_cache
@require_http_methods(PAGE_METHODS)
def new(request: SignedInRequest) -> HttpResponse:
    form = SourceForm(request.POST or None)
    minted = taken(request, form, lambda: actions.add_source(by=request.user, **form.cleaned_data))
    if minted is not None:
        return _reveal(request, minted)
    return answer(request, "events/source_new.html", form)


@requires(Permission.PAYMENTS_MANAGE)
@reauthenticated
@never_cache
@require_http_methods(PAGE_METHODS)
def rotate(request: SignedInRequest, public_id: str) -> HttpResponse:
    source = get_object_or_404(WebhookSource, public_id=public_id)
    form = RotateSecretForm(request.POST or None)
    minted = taken(request, form, lambda: actions.rotate_secret(source=source, by=request.user, **form.cleaned_data))
    if minted is not None:
        return _reveal(request, minted)
    return answer(request, "events/source_rotate.html", form, source=source)


@requires(Permission.PAYMENTS_MANAGE)
@reauthenticated
@require_http_methods(PAGE_METHODS)
def retire(request: SignedInRequest, public_id: str) -> HttpResponse:
    source = get_object_or_404(WebhookSource, public_id=public_id)
    form = RetireForm(request.POST or None)
    retired = taken(request, form, lambda: actions.retire_source(source=source, by=request.user, **form.cleaned_data))
    if retired is not None:
        messages.success(request, _("Retired. What it sends is refused from now on."))
        return redirect("events:sources")
    return answer(request, "events/source_retire.html", form, source=source)


def _reveal(request: SignedInRequest, minted: MintedSource) -> HttpResponse:
    """In the answer itself: an address or a session that led to the secret would be a second copy of it."""
    context = {"source": minted.source, "text": minted.text, "site_url": settings.SITE_URL}
    return render(request, "events/source_reveal.html", context)
