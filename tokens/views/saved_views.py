"""Views of the queue under a name: the list of them, and what one does with one's own."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SignedInRequest, requires
from accounts.errors import Conflict, Invalid
from accounts.roles import Permission, may
from tokens.actions.saved_views import change_filters, edit_view, remove_view, save_view
from tokens.forms.saved_views import SavedViewForm
from tokens.models.desk import SavedView
from tokens.selectors.review_filters import read
from tokens.selectors.saved_views import find_own, views_of


@requires(Permission.REVIEW_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: SignedInRequest) -> HttpResponse:
    """The list; a form sent here saves the filters that its address has, and goes back to them."""
    query = read(request.GET).query()
    form = _form(request)
    if request.method != "POST":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    name, shared = form.cleaned_data["name"], form.cleaned_data.get("shared", False)
    try:
        save_view(name=name, query=query, shared=shared, by=request.user)
    except (Invalid, Conflict) as error:
        form.add_error("name" if isinstance(error, Invalid) and error.field else None, str(error.message))
        return _page(request, form, status=error.status)
    messages.success(request, _("Saved as “%(name)s”.") % {"name": name})
    return HttpResponseRedirect(f"{reverse('review:queue')}?{query}")


@requires(Permission.REVIEW_READ)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, public_id: str) -> HttpResponse:
    view = find_own(public_id, request.user)
    form = _form(request, view)
    if request.method != "POST":
        return _page(request, form, view)
    if not form.is_valid():
        return _page(request, form, view, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    values = form.cleaned_data
    try:
        edit_view(
            view=find_own(public_id, request.user),
            name=values["name"],
            shared=values.get("shared", False),
            by=request.user,
        )
    except Invalid as error:
        form.add_error("name", str(error.message))
        return _page(request, form, view, status=error.status)
    return _back(request)


@requires(Permission.REVIEW_READ)
@require_POST
def filters(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Puts the filters that the address has in place of the view's, and goes back to them."""
    query = read(request.GET).query()
    try:
        view = change_filters(view=find_own(public_id, request.user), query=query, by=request.user)
    except Invalid as error:
        messages.warning(request, str(error.message))
        return _back(request)
    messages.success(request, _("“%(name)s” now has these filters.") % {"name": view.name})
    return HttpResponseRedirect(f"{reverse('review:queue')}?{query}")


@requires(Permission.REVIEW_READ)
@require_POST
def remove(request: SignedInRequest, public_id: str) -> HttpResponse:
    remove_view(view=find_own(public_id, request.user), by=request.user)
    return _back(request)


def _back(request: SignedInRequest) -> HttpResponse:
    """To the list, which still knows the filters that one came from."""
    came = f"?{read(request.GET).query()}" if "tab" in request.GET else ""
    return HttpResponseRedirect(reverse("review:views") + came)


def _form(request: SignedInRequest, view: SavedView | None = None) -> SavedViewForm:
    may_share = may(request.user, Permission.REVIEW_DECIDE)
    return SavedViewForm(request.POST if request.method == "POST" else None, instance=view, may_share=may_share)


def _page(
    request: SignedInRequest, form: SavedViewForm, renamed: SavedView | None = None, status: int = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "views": views_of(request.user),
        "view_form": form,
        "renamed": renamed,
        "base": read(request.GET).query(),
        "came": "tab" in request.GET,
    }
    return render(request, "review/views.html", context, status=status)
