"""Orders that no provider tells of: recorded one by one, or imported by file after a preview; all of it or nothing."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import SignedInRequest, requires
from accounts.errors import DomainError, Invalid
from accounts.roles import Permission
from tiers.actions.manual_orders import import_rows, record_order
from tiers.forms.offline_orders import ImportForm, RecordForm, brought_back, kept_for
from tiers.offline_sheets import COLUMNS, Sheet, read_csv
from tiers.views.forms_sent import answer, taken


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def record(request: SignedInRequest) -> HttpResponse:
    form = RecordForm(request.POST or None)
    order = taken(request, form, lambda: record_order(by=request.user, **form.cleaned_data))
    if order is not None:
        messages.success(request, _("Recorded. What it opens works already, on every gateway."))
        return redirect("events:order", public_id=order.public_id)
    return answer(request, "events/record.html", form)


@requires(Permission.PAYMENTS_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: SignedInRequest) -> HttpResponse:
    """Choose a file; the answer is its preview. Nothing is recorded yet."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        return _preview(request, read_csv(file), file)
    return answer(request, "events/import.html", form, columns=COLUMNS)


@requires(Permission.PAYMENTS_MANAGE)
@require_POST
def confirm(request: SignedInRequest) -> HttpResponse:
    """Import what was previewed, judged anew: what has changed meanwhile shows as another preview."""
    try:
        file = brought_back(request.user, request.POST.get("kept", ""))
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("events:import")
    sheet = read_csv(file)
    try:
        orders = import_rows(sheet=sheet, by=request.user)
    except DomainError as error:
        return _preview(request, sheet, file, refusal=str(error.message))
    said = ngettext("%(number)d order is recorded.", "%(number)d orders are recorded.", len(orders))
    messages.success(request, said % {"number": len(orders)})
    return redirect("events:orders")


def _preview(request: SignedInRequest, sheet: Sheet, file: bytes, refusal: str = "") -> HttpResponse:
    kept = ""
    if sheet.is_good:
        try:
            kept = kept_for(request.user, file)
        except Invalid as error:
            refusal = str(error.message)
    context = {
        "sheet": sheet,
        "columns": COLUMNS,
        "rows": [(row, [row.values.get(name, "") for name in COLUMNS]) for row in sheet.rows],
        "wrong": sum(1 for row in sheet.rows if row.errors),
        "refusal": refusal,
        "kept": kept,
    }
    status = 200 if sheet.is_good and not refusal else 422
    return render(request, "events/preview.html", context, status=status)
