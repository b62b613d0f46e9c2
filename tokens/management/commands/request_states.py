"""`request_states`: write docs/request-states.md from the table; `--check` only compares (for `make lint`)."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from tokens.lifecycle import TABLE, Side
from tokens.models import RequestState as State

_HEAD = """# The states of an access request

Made from the table in `tokens/lifecycle.py` by `python manage.py request_states`; do not edit by hand.
Actions in *italics* are the reviewers' (permission `review.decide`, and never for a workspace they belong to); the
others are the applicant's side (permission `request.write` in the workspace).

```mermaid
stateDiagram-v2
    [*] --> draft
"""


def page() -> str:
    """The whole page, in English whatever the language of the process."""
    with translation.override("en"):
        return _HEAD + _diagram() + "```\n\n" + _table()


def _diagram() -> str:
    lines = [
        f"    {start} --> {step.to}: {action}"
        for (start, action), step in TABLE.items()
        if step.to and start != step.to
    ]
    final = set(State.values) - {start for (start, _), step in TABLE.items() if step.to != start}
    lines += [f"    {state} --> [*]" for state in State.values if state in final]
    return "\n".join(lines) + "\n"


def _table() -> str:
    lines = ["| in state | action | leads to |", "| --- | --- | --- |"]
    for (start, action), step in TABLE.items():
        name = f"*{action}*" if step.side is Side.REVIEWER else str(action)
        lines.append(f"| {start.label} | {name} | {_leads_to(start, step.to)} |")
    return "\n".join(lines) + "\n"


def _leads_to(start: State, to: State | None) -> str:
    if to is None:
        return "what it was before"
    return "stays" if to == start else str(to.label)


class Command(BaseCommand):
    help = "Write docs/request-states.md from the lifecycle table, or check that it is up to date."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail when the page differs")

    def handle(self, *args: object, check: bool = False, **options: object) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "request-states.md"
        wanted = page()
        if check:
            if not path.exists() or path.read_text(encoding="utf-8") != wanted:
                raise CommandError("docs/request-states.md is out of date: run `python manage.py request_states`")
            return
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted, encoding="utf-8")
