"""The name of a view of the queue, and whether others see it."""

from typing import TYPE_CHECKING, Any

from django import forms

from tokens.models.desk import SavedView

if TYPE_CHECKING:
    Base = forms.ModelForm[SavedView]
else:
    Base = forms.ModelForm


class SavedViewForm(Base):
    """`may_share`: whoever only reads keeps views to themselves."""

    class Meta:
        model = SavedView
        fields = ("name", "shared")

    def __init__(self, data: Any = None, *, may_share: bool, instance: SavedView | None = None) -> None:
        super().__init__(data, instance=instance, auto_id="view_%s")
        if not may_share:
            del self.fields["shared"]
