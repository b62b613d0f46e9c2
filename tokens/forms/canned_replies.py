from typing import TYPE_CHECKING, Any

from django import forms

from tokens.models import CannedReply, ReplyFor

if TYPE_CHECKING:
    _Form = forms.ModelForm[CannedReply]
else:
    _Form = forms.ModelForm


class ReplyForm(_Form):
    """The action checks what it says."""

    class Meta:
        model = CannedReply
        fields = ["outcome", "label_en", "text_en", "label_zh", "text_zh"]
        widgets = {
            "outcome": forms.RadioSelect,
            "text_en": forms.Textarea(attrs={"rows": 4}),
            "text_zh": forms.Textarea(attrs={"rows": 4, "lang": "zh-Hans"}),
            "label_zh": forms.TextInput(attrs={"lang": "zh-Hans"}),
        }

    def __init__(self, *given: Any, **more: Any) -> None:
        """A model's field would offer to choose nothing as well."""
        super().__init__(*given, **more)
        self.fields["outcome"].widget.choices = ReplyFor.choices
