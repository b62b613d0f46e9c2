"""Buying: what an offer opens and costs, then the provider's own page."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SignedInRequest, owned, requires
from accounts.clock import now
from accounts.errors import Conflict, DomainError
from accounts.roles import Permission
from tiers.actions.orders import open_checkout, place_order
from tiers.forms.orders import CheckoutForm
from tiers.models import Order, ProductVersion, Provider
from tiers.offers import terms
from tiers.payments import ProviderAway
from tiers.selectors import offers as selectors
from tiers.selectors.orders import joined
from tiers.views.orders import provider_page, to_order


@requires(Permission.ORDER_WRITE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    """The checkout of `?product=`. Without one, or with one that is not sold, what is."""
    slug = str(request.POST.get("product") or request.GET.get("product") or "")[:60]
    version = selectors.newest(slug) if slug else None
    if version is None:
        return _shelf(request, status=404 if slug else 422 if request.method == "POST" else 200, slug=slug)
    if version.pk not in {offer.pk for offer in selectors.on_sale(now()).filter(product=version.product)}:
        return _shelf(request, status=410, withdrawn=version)
    ways = selectors.methods(version, request.workspace)
    form = CheckoutForm(request.POST or None, methods=ways, initial=_initial(version, ways))
    if request.method != "POST" or not form.is_valid():
        return _checkout(request, version, ways, form, status=422 if request.method == "POST" else 200)
    if form.cleaned_data["version"] != version.public_id:
        form = CheckoutForm(methods=ways, initial=_initial(version, ways))
        return _checkout(request, version, ways, form, status=409, error=_("The offer has changed. Read it again."))
    return _buy(request, version, ways, form)


def _initial(version: ProductVersion, ways: list[selectors.Method]) -> dict[str, str]:
    here = [way.provider for way in ways if not way.href]
    return {"version": version.public_id, "provider": here[0] if len(here) == 1 else ""}


def _buy(
    request: SignedInRequest, version: ProductVersion, ways: list[selectors.Method], form: CheckoutForm
) -> HttpResponse:
    name = Provider(form.cleaned_data["provider"])
    going = selectors.unsettled_of(version, request.workspace, now())
    if going is not None and (going.provider, going.quoted_id) != (name, version.pk):
        messages.info(request, _("This order of the same waits for its payment. Go on with it, so that you pay once."))
        return to_order(going)
    try:
        order = place_order(workspace=request.workspace, product=version.product, name=name, by=request.user)
    except Conflict as error:
        return _checkout(request, version, ways, form, status=error.status, error=str(error.message))
    return _to_provider(request, order)


@requires(Permission.ORDER_WRITE)
@require_POST
def pay(request: SignedInRequest, public_id: str) -> HttpResponse:
    """Go on to the provider's page of an order that waits: the same page, so never a second payment."""
    return _to_provider(request, owned(request, joined(), public_id))


def _to_provider(request: SignedInRequest, order: Order) -> HttpResponse:
    back = request.build_absolute_uri(reverse("orders:returned", args=[order.public_id]))
    try:
        order = open_checkout(order=order, back=back, by=request.user)
    except ProviderAway:
        messages.warning(
            request, _("The payment provider does not answer just now. Your order is kept: try again in a minute.")
        )
        return to_order(order)
    except DomainError as error:
        messages.error(request, str(error.message))
        return to_order(order)
    return HttpResponseRedirect(provider_page(order))


def _checkout(
    request: SignedInRequest,
    version: ProductVersion,
    ways: list[selectors.Method],
    form: CheckoutForm,
    *,
    status: int,
    error: str = "",
) -> HttpResponse:
    moment = now()
    closes_at = selectors.closes_at(version)
    context = {
        "offer": version,
        "terms": terms(version),
        "form": form,
        "error": error,
        "here": [way for way in ways if not way.href],
        "shops": [way for way in ways if way.href],
        "going": selectors.unsettled_of(version, request.workspace, moment),
        "covered": selectors.covered(version, request.workspace, moment),
        "closes_at": closes_at,
        "nearly_over": closes_at is not None and closes_at - moment < selectors.NEARLY_OVER,
        "asks": version.tier is not None and not version.tier.self_service,
    }
    return render(request, "orders/checkout.html", context, status=status)


def _shelf(
    request: SignedInRequest, *, status: int, slug: str = "", withdrawn: ProductVersion | None = None
) -> HttpResponse:
    """What is on sale, and why the link led here."""
    context = {"offers": selectors.on_sale(now())[: selectors.MOST_OFFERED], "slug": slug, "withdrawn": withdrawn}
    return render(request, "orders/shelf.html", context, status=status)
