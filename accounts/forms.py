"""Forms of sign-up, of a person's own pages and of a workspace's."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import MembershipRole, User, Workspace
from accounts.names import seen
from accounts.policies.workspaces import NAME_LENGTH
from accounts.roles import PLATFORM_PERMISSIONS, Permission


class WorkspaceField(forms.CharField):
    """A workspace as staff name it; cleaned to its row."""

    def __init__(self) -> None:
        told = _("Its id, or the e-mail address of the person whose own it is.")
        super().__init__(label=_("Workspace"), max_length=254, help_text=told)

    def clean(self, value: Any) -> Workspace:
        text = str(super().clean(value))
        by = {"personal_of__email__iexact": text} if "@" in text else {"public_id": text}
        found = Workspace.objects.filter(**by).first()
        if found is None:
            raise ValidationError(_("There is no such workspace."))
        return found


class NameField(forms.CharField):
    """A name that others read, cleaned of what cannot be seen and reorders the words beside it."""

    def to_python(self, value: Any) -> str:
        return seen(str(super().to_python(value) or ""))


class SignupForm(forms.Form):
    """What sign-up asks besides address and password."""

    name = NameField(
        label=_("Name"),
        max_length=100,
        required=False,
        help_text=_("What reviewers and the people of your workspaces see."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """allauth calls this after `AccountAdapter.save_user`, which has kept the name with the person."""


class ProfileForm(forms.Form):
    name = NameField(
        label=_("Name"),
        max_length=100,
        required=False,
        help_text=_("Without one, others see your address up to the @."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    locale = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of pages and mails."))
    single_keys = forms.BooleanField(
        label=_("Single-key shortcuts"),
        required=False,
        help_text=_("Keys such as J, K or ? without Ctrl. Switch them off if you use speech or a screen reader."),
    )

    review_digest = forms.BooleanField(
        label=_("Daily digest of the review queue"),
        required=False,
        help_text=_("By mail, on days on which something waits."),
    )

    @classmethod
    def of(cls, person: User, data: Any = None) -> "ProfileForm":
        """The digest is for those who decide."""
        form = cls(data, initial={name: getattr(person, name) for name in cls.base_fields})
        if Permission.REVIEW_DECIDE not in PLATFORM_PERMISSIONS[person.role]:
            del form.fields["review_digest"]
        return form


class WorkspaceForm(forms.Form):
    name = NameField(label=_("Name of the workspace"), max_length=NAME_LENGTH)


ROLE_HELP = _("Members make applications and tokens. Owners also invite, remove and rename.")


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=MembershipRole,
        initial=MembershipRole.MEMBER,
        widget=forms.RadioSelect,
        help_text=ROLE_HELP,
    )


class MemberRoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=MembershipRole, widget=forms.RadioSelect, help_text=ROLE_HELP)
