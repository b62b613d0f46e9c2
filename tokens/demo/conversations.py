"""The demo's access requests: written, sent, talked about and decided, each step by the action that the site uses."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from accounts import clock
from tiers.models import Tier
from tokens.actions.handling import assign_request, claim_request, release_request, snooze_request
from tokens.actions.requests import add_message, edit_request, save_draft, submit_request, withdraw_request
from tokens.actions.reviews import approve_request, ask_for_changes, reject_request
from tokens.demo.story import Stage, Step, Table, read, span, subject
from tokens.models import AccessRequest

_WRITTEN: Final = ("purpose", "expected_volume", "users", "links")


def steps(stage: Stage) -> Iterator[Step]:
    for number, told in enumerate(read("requests")["requests"]):
        key = told.get("key", str(number))
        yield Step(span(told["drafted"]), partial(_draft, stage, key, told))
        for step in told.get("steps", []):
            yield Step(span(step["ago"]), partial(_act, stage, key, told, step))


def _draft(stage: Stage, key: str, told: Table) -> None:
    stage.requests[key] = save_draft(
        application=stage.applications[told["application"]],
        by=stage.people[told["by"]],
        **{field: told[field] for field in _WRITTEN if field in told},
        **subject(told),  # type: ignore[arg-type]
    )


def _act(stage: Stage, key: str, told: Table, step: Table) -> None:
    access_request = AccessRequest.objects.select_related("workspace").get(pk=stage.requests[key].pk)
    _ACTIONS[step["do"]](stage, access_request, {"by": told["by"], **step})


def _submit(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    submit_request(access_request=access_request, by=stage.people[step["by"]])


def _edit(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    values: Table = {field: step[field] for field in _WRITTEN if field in step}
    edit_request(access_request=access_request, values=values, by=stage.people[step["by"]])


def _say(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    add_message(
        access_request=access_request,
        text=step["text"],
        by=stage.people[step["by"]],
        internal=step.get("internal", False),
    )


def _withdraw(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    withdraw_request(access_request=access_request, by=stage.people[step["by"]])


def _claim(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    claim_request(access_request=access_request, by=stage.people[step["by"]])


def _release(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    release_request(access_request=access_request, by=stage.people[step["by"]])


def _snooze(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    until, by = clock.now() + timedelta(days=step["days"]), stage.people[step["by"]]
    snooze_request(access_request=access_request, version=access_request.version, until=until, by=by)


def _assign(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    to, by = stage.people[step["to"]], stage.people[step["by"]]
    assign_request(access_request=access_request, to=to, group=access_request.group, by=by)


def _ask(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    by, version = stage.people[step["by"]], access_request.version
    ask_for_changes(access_request=access_request, version=version, text=step["text"], by=by)


def _approve(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    approve_request(
        access_request=access_request,
        version=access_request.version,
        tier=Tier.objects.get(slug=step["tier"]) if "tier" in step else None,
        until=clock.now() + timedelta(days=step["days"]) if "days" in step else None,
        note=step.get("note", ""),
        by=stage.people[step["by"]],
    )


def _reject(stage: Stage, access_request: AccessRequest, step: Table) -> None:
    by, version = stage.people[step["by"]], access_request.version
    reject_request(access_request=access_request, version=version, reason=step["reason"], by=by)


_ACTIONS: Final[dict[str, Callable[[Stage, AccessRequest, Table], None]]] = {
    "submit": _submit,
    "edit": _edit,
    "say": _say,
    "withdraw": _withdraw,
    "claim": _claim,
    "release": _release,
    "snooze": _snooze,
    "assign": _assign,
    "ask": _ask,
    "approve": _approve,
    "reject": _reject,
}
