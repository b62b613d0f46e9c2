"""What is on sale: staff read it, administrators sell it otherwise, with a reason. What was sold is never edited."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import SignedInRequest, requires
from accounts.clock import now
from accounts.paging import page_of
from accounts.roles import Permission, may
from tiers.actions import products as actions
from tiers.forms.products import NewOfferForm, OfferForm, PriceForm, WithdrawForm, of_version
from tiers.models import Product, ProductKind, ProductVersion
from tiers.selectors import products as selectors
from tiers.selectors.catalogue import history
from tiers.views.forms_sent import answer, taken

PAGE_METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.CATALOGUE_READ)
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    moment = now()
    page = page_of(request, selectors.products(), "slug")
    context = {
        "page": page,
        "rows": [selectors.row(product, moment) for product in page.rows],
        "may_manage": may(request.user, Permission.PAYMENTS_MANAGE),
    }
    return render(request, "products/list.html", context)


@requires(Permission.CATALOGUE_READ)
@require_safe
def detail(request: SignedInRequest, slug: str) -> HttpResponse:
    product = get_object_or_404(Product, slug=slug)
    versions = selectors.versions(product, now())
    context = {
        "product": product,
        "versions": versions,
        "latest": versions[0],
        "history": history(product),
        "may_manage": may(request.user, Permission.PAYMENTS_MANAGE),
    }
    return render(request, "products/detail.html", context)


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(PAGE_METHODS)
def new(request: SignedInRequest) -> HttpResponse:
    """The kind comes first, by a link: the form asks for what that kind needs."""
    kind = request.GET.get("kind", "")
    if kind not in ProductKind.values:
        return render(request, "products/kinds.html", {"kinds": ProductKind.choices})
    form = NewOfferForm(request.POST or None, initial={"currency": "USD", "interval": ""}, kind=kind)
    version = taken(request, form, lambda: _added(request, form, kind))
    if version is not None:
        messages.success(request, _("It is on sale."))
        return redirect("catalogue:product", slug=version.product.slug)
    return answer(request, "products/form.html", form, kind=ProductKind(kind).label)


def _added(request: SignedInRequest, form: NewOfferForm, kind: str) -> ProductVersion:
    given = form.cleaned_data
    return actions.add_product(
        slug=given["slug"], kind=kind, values=form.values, reason=given["reason"], by=request.user
    )


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(PAGE_METHODS)
def edit(request: SignedInRequest, slug: str) -> HttpResponse:
    product, latest = _latest(slug)
    form = OfferForm(request.POST or None, initial=of_version(latest), kind=product.kind)
    published = taken(
        request,
        form,
        lambda: actions.publish_version(
            product=product, values=form.values, reason=form.cleaned_data["reason"], by=request.user
        ),
    )
    if published is not None:
        messages.success(request, _("Sold like this from now on. Orders keep the version that they were of."))
        return redirect("catalogue:product", slug=slug)
    return answer(request, "products/form.html", form, product=product, latest=latest, kind=product.get_kind_display())


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(PAGE_METHODS)
def withdraw(request: SignedInRequest, slug: str) -> HttpResponse:
    product, latest = _latest(slug)
    form = WithdrawForm(request.POST or None)
    gone = taken(request, form, lambda: actions.withdraw_product(product=product, by=request.user, **form.cleaned_data))
    if gone is not None:
        messages.success(request, _("Not on sale any more. What was sold stays."))
        return redirect("catalogue:product", slug=slug)
    return answer(request, "products/withdraw.html", form, product=product, latest=latest)


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(PAGE_METHODS)
def price(request: SignedInRequest, slug: str) -> HttpResponse:
    """Under which id a provider sells the latest version."""
    product, latest = _latest(slug)
    form = PriceForm(request.POST or None)
    done = taken(request, form, lambda: actions.set_price_id(version=latest, by=request.user, **form.cleaned_data))
    if done is not None:
        messages.success(request, _("Saved."))
        return redirect("catalogue:product", slug=slug)
    return answer(request, "products/price.html", form, product=product, latest=latest)


def _latest(slug: str) -> tuple[Product, ProductVersion]:
    product = get_object_or_404(Product, slug=slug)
    versions = product.versions.select_related("product", "tier", "model")
    return product, versions.order_by("-number")[0]
