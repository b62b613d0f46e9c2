"""What somebody came to ask for. A link may name any tier or model, in any spelling: what cannot be asked for gets a
sentence and a way on, never an error."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from tiers.facts import Catalogue, ModelFacts
from tiers.models import AIModel, Tier
from tokens.gateway.nearest import differs_in_case, nearest
from tokens.models import Application, RequestState
from tokens.policies import requests as policies


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence, and where to go on."""

    text: str
    href: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """`subject` is the form's (`tier:flower`, `model:grand-video`), "" where nothing can be asked for."""

    subject: str = ""
    note: Note | None = None


def wanted(catalogue: Catalogue, now: datetime, *, tier: str, model: str, free: int, download: bool = False) -> Wanted:
    """The model where one is named and can be asked for, else the tier. `free` is the rank that needs no request."""
    found = _model(catalogue, now, model, free, download) if model else Wanted()
    if found.subject or not tier:
        return found
    by_tier = _tier(catalogue, tier, free)
    return Wanted(by_tier.subject, found.note or by_tier.note)


def obstacle(application: Application, tier: Tier | None, model: AIModel | None) -> Note | None:
    """Why this application cannot ask for it now, with the way to the access request that stands in between."""
    try:
        policies.check_none_open(application, tier, model)
        policies.check_cooled_down(application, tier, model)
        policies.check_subject(application, tier, model)
    except DomainError as error:
        return in_the_way(error) or Note(
            str(error.message), reverse("applications:detail", args=[application.public_id]), _("See what it holds")
        )
    return None


def in_the_way(error: DomainError) -> Note | None:
    """The access request that a refusal names, open or rejected a short while ago. None where it names none."""
    public_id = error.details.get("public_id")
    if not public_id:
        return None
    draft = error.details.get("state") == RequestState.DRAFT
    page = reverse("requests:edit" if draft else "requests:detail", args=[str(public_id)])
    return Note(str(error.message), page, _("Go on writing") if draft else _("Open that one"))


def _tier(catalogue: Catalogue, slug: str, free: int) -> Wanted:
    found = catalogue.tiers.get(slug) or catalogue.tiers.get(slug.casefold())
    if found is None:
        text = _("There is no tier called “%(name)s”.") % {"name": slug}
        return Wanted(note=Note(text, reverse("ladder"), _("See the tiers")))
    if found.rank <= free:
        return Wanted(note=_needs_none(found.slug))
    return Wanted(f"tier:{found.slug}")


def _model(catalogue: Catalogue, now: datetime, name: str, free: int, download: bool) -> Wanted:
    names = catalogue.by_any_name
    near = nearest(name, names)
    found = names.get(name) or next((names[other] for other in near if differs_in_case(name, other)), None)
    if found is None:
        return Wanted(note=_unknown(name, near))
    if found.is_retired(now):
        return Wanted(note=_retired(found))
    if download or found.gated or (found.early_access_until is not None and found.early_access_until > now):
        return Wanted(f"model:{found.name}")
    opens = catalogue.tiers[str(found.tier)]
    if opens.rank <= free:
        return Wanted(note=_needs_none(found.name))
    text = _("%(model)s opens with the tier %(tier)s, which is chosen below.")
    return Wanted(f"tier:{opens.slug}", Note(text % {"model": found.name, "tier": opens.slug}))


def _needs_none(name: str) -> Note:
    text = _("%(name)s needs no request: create a token and it works.") % {"name": name}
    return Note(text, reverse("tokens:new"), _("Create a token"))


def _unknown(name: str, near: list[str]) -> Note:
    text = _("There is no model called “%(name)s”.") % {"name": name}
    if not near:
        return Note(text, reverse("models"), _("See the models"))
    return Note(text, _ask_for(near[0]), _("Did you mean %(name)s?") % {"name": near[0]})


def _retired(model: ModelFacts) -> Note:
    text = _("%(model)s has been retired.") % {"model": model.name}
    if not model.successor:
        return Note(text, reverse("models"), _("See the models"))
    return Note(text, _ask_for(model.successor), _("Ask for %(name)s instead") % {"name": model.successor})


def _ask_for(model: str) -> str:
    return f"{reverse('requests:new')}?{urlencode({'model': model})}"
