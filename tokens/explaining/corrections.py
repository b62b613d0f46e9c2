"""The call that the caller meant: the right letter case, the right endpoint, a model where none was named. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from msgspec import structs

from tokens.gateway import endpoints
from tokens.gateway.ask import Ask, Decision, Remedy
from tokens.gateway.explanations import Explanation

# A wrong name on a wrong path under a wrong method: more cannot be wrong at once.
MOST_STEPS: Final = 4
CURABLE: Final = frozenset({"endpoint_unknown", "model_missing", "model_not_found", "model_retired", "wrong_endpoint"})
# Stands for whatever else a path names.
FILLER: Final = "hello"


@dataclass(frozen=True, slots=True)
class Correction:
    """`decision`: what the caller would be told of it. `changed`: that it is not the call as it was."""

    ask: Ask
    decision: Decision
    changed: bool


def corrected(explanation: Explanation) -> Correction | None:
    """None where the token itself is refused, or where nothing about the call's form is wrong and yet it is refused."""
    original = explanation.decision
    if not explanation.trace or (original.reason and original.reason.param in {"token", "origin", "ip"}):
        return None
    ask, decision = original.ask, original
    for _step in range(MOST_STEPS):
        better = _better(explanation, ask, decision)
        if better is None:
            break
        ask, decision = better, explanation.decide(better)
    changed = ask != original.ask
    return Correction(ask, decision, changed) if changed or decision.allow else None


def _better(explanation: Explanation, ask: Ask, decision: Decision) -> Ask | None:
    """The call with the first thing put right that can be: of several ways the first that is allowed."""
    for refusal in decision.refusals:
        if refusal.code not in CURABLE:
            continue
        if refusal.code == "model_missing":
            found = list(_with_a_model(explanation, ask))
        else:
            found = [one for remedy in refusal.remedies if (one := _following(explanation, ask, remedy)) is not None]
        if found:
            return next((one for one in found if explanation.decide(one).allow), found[0])
    return None


def _with_a_model(explanation: Explanation, ask: Ask) -> Iterator[Ask]:
    """Each model that this operation serves."""
    match = endpoints.match(explanation.catalogue.operations, ask.method, ask.endpoint)
    if match is None:
        return
    for name in sorted(explanation.catalogue.models):
        if match.operation.slug in explanation.catalogue.models[name].operations:
            yield structs.replace(ask, model=name)


def _following(explanation: Explanation, ask: Ask, remedy: Remedy) -> Ask | None:
    """The call as the remedy says; None where it says nothing about the call, or what is so already."""
    match = endpoints.match(explanation.catalogue.operations, ask.method, ask.endpoint)
    model = remedy.model or (match.model if match else None) or ask.model
    if remedy.endpoint:
        method, _blank, pattern = remedy.endpoint.partition(" ")
        better = structs.replace(ask, method=method, endpoint=filled(pattern, model), model=model)
    elif remedy.model and match and match.model:
        pattern = next(p for p in match.operation.endpoints if "{model}" in p)
        better = structs.replace(ask, endpoint=filled(pattern.partition(" ")[2], model), model=model)
    elif remedy.model:
        better = structs.replace(ask, model=model)
    else:
        return None
    return None if better == ask else better


def filled(pattern: str, model: str | None) -> str:
    """The pattern as a path: `/image/{prompt}` → `/image/hello`."""
    pieces = pattern.split("/")
    values = {"{model}": quote(model or FILLER, safe="")}
    return "/".join(values.get(piece, FILLER if piece.startswith("{") else piece) for piece in pieces)
