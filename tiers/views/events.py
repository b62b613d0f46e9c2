"""The event inbox: every provider message, what became of it, and the way to try it again."""

import structlog
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, requires
from accounts.errors import DomainError
from accounts.paging import page_of
from accounts.roles import Permission, may
from tiers.actions.replays import replay_event
from tiers.forms.events import STATES, EventFilterForm
from tiers.models import InboxState, Provider, ProviderEvent
from tiers.selectors import events as selectors

log = structlog.get_logger(__name__)


@requires(Permission.PAYMENTS_READ)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    filters = EventFilterForm(request.GET).filters()
    page = page_of(request, selectors.events(filters), "-id")
    context = {
        "filters": filters,
        "states": STATES,
        "providers": Provider.choices,
        "page": page,
        "rows": [selectors.Row(event) for event in page.rows],
        "may_manage": may(request.user, Permission.PAYMENTS_MANAGE),
    }
    return render(request, "events/list.html", context)


@requires(Permission.PAYMENTS_READ)
@require_safe
def detail(request: SignedInRequest, public_id: str) -> HttpResponse:
    event = get_object_or_404(ProviderEvent.objects.select_related("order"), public_id=public_id)
    context = {
        "event": event,
        "found": selectors.detail(event),
        "may_manage": may(request.user, Permission.PAYMENTS_MANAGE),
    }
    return render(request, "events/detail.html", context)


@requires(Permission.PAYMENTS_MANAGE)
@require_POST
def replay(request: SignedInRequest, public_id: str) -> HttpResponse:
    event = get_object_or_404(ProviderEvent, public_id=public_id)
    try:
        event = replay_event(event=event, by=request.user)
    except DomainError as error:
        messages.error(request, _("It failed again: %(error)s") % {"error": error.message})
    except Exception as error:  # Whatever it was, `handle_event` has kept it, and staff are to read it.
        log.exception("event_not_replayed", event_id=public_id)
        messages.error(request, _("It failed again: %(error)s") % {"error": f"{type(error).__name__}: {error}"[:300]})
    else:
        state = InboxState(event.state)
        said = _("Replayed: it is %(state)s.") % {"state": state.label}
        messages.success(request, said) if state != InboxState.SET_ASIDE else messages.warning(request, said)
    return redirect("events:detail", public_id=public_id)
