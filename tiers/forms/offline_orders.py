"""What staff type of orders that no provider tells of: one by one, or as a file."""

from typing import Final

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid
from accounts.forms import WorkspaceField
from accounts.models import User
from tiers.forms.amounts import PricedForm
from tiers.models import Product
from tiers.offline_sheets import LARGEST_FILE

# How long a preview may stand open before it is confirmed, in seconds.
PREVIEW_STANDS: Final = 3600
# For what else a form sends, in bytes.
_ROOM: Final = 4096


class RecordForm(PricedForm):
    workspace = WorkspaceField()
    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.order_by("slug"), empty_label=_("choose"), to_field_name="slug"
    )
    amount = forms.CharField(label=_("Paid"), max_length=20, help_text=_("In whole units, such as 5.00."))
    currency = forms.CharField(label=_("Currency"), max_length=3, help_text=_("Such as USD."))
    paid_at = forms.DateTimeField(
        label=_("Paid on"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("UTC. The grant runs from then."),
    )
    reference = forms.CharField(
        label=_("Reference"),
        max_length=200,
        help_text=_("The number of the invoice or transfer. Recorded twice under the same number it is one order."),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=500, widget=forms.Textarea({"rows": 2}), help_text=_("For staff.")
    )


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput({"accept": ".csv,text/csv"}),
        help_text=_("CSV in UTF-8, at most 1 MiB and 2,000 rows."),
    )

    def clean_file(self) -> bytes:
        """No more of it is read than could be taken."""
        found: bytes = self.cleaned_data["file"].read(LARGEST_FILE + 1)
        if len(found) > LARGEST_FILE:
            raise ValidationError(_("The file is larger than 1 MiB."))
        return found


def kept_for(user: User, file: bytes) -> str:
    """The previewed file as the page carries it to its confirmation: signed, for this person, for an hour. It is read
    anew then; nothing of the preview is believed. Raises Invalid where no form could bring it back."""
    kept = _signer(user).sign_object(file.decode("utf-8"), compress=True)
    if len(kept) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE - _ROOM:
        raise Invalid(_("The file is too large for a preview. Import it in parts."))
    return kept


def brought_back(user: User, kept: str) -> bytes:
    """Raises Invalid for what is not what we gave out, or is too old."""
    try:
        return str(_signer(user).unsign_object(kept, max_age=PREVIEW_STANDS)).encode()
    except signing.BadSignature as error:
        raise Invalid(_("This preview is too old, or damaged. Choose the file again.")) from error


def _signer(user: User) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"tiers.offline-import.{user.pk}")
