"""`refusals_doc`: write docs/refusals.md from the table of reasons; `--check` only compares (for `make lint`)."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tokens.gateway.reasons import OBTAINS, REASONS, REMEDY_KINDS

_HEAD = """# Why a call is refused

Made from `tokens/gateway/reasons.py` by `python manage.py refusals_doc`; do not edit by hand.

The reasons in the order in which they are checked. The first that applies is `code`; `also` lists those of later steps.
402 says that something can be obtained, and always has a remedy that obtains; 403 says that nothing the caller could
obtain would change the answer, and offers `edit` or `contact` alone.

The page *Why was it refused?* (`/explain/`) shows for any call which of these checks it passes and which refuses it,
the body that the client sees, the call as it was meant, and the ways out as links. Over forward-auth, each refusal but
`unavailable` has a header that leads there with the call filled in: `Link: <https://…/explain/?…>; rel="help"`. It
names the token by its id, never by its text.

| code | status | type | param | when |
| --- | --- | --- | --- | --- |
"""
_REMEDIES = """
## Remedies

A refusal lists what its caller can do, the free ways first. Each has a `kind` of this closed set, a `label` for people,
and where they are known an `href`, `until`, `model` and `endpoint`.

| kind | means | obtains |
| --- | --- | --- |
"""


def page() -> str:
    reasons = "".join(
        f"| `{reason.code}` | {reason.status} | `{reason.type}` | {_param(reason.param)} | {reason.when} |\n"
        for reason in REASONS.values()
    )
    kinds = "".join(
        f"| `{kind}` | {meaning} | {'yes' if kind in OBTAINS else '–'} |\n" for kind, meaning in REMEDY_KINDS.items()
    )
    return _HEAD + reasons + _REMEDIES + kinds


def _param(param: str | None) -> str:
    return f"`{param}`" if param else "–"


class Command(BaseCommand):
    help = "Write docs/refusals.md from the table of reasons, or check that it is up to date."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail when the page differs")

    def handle(self, *args: object, check: bool = False, **options: object) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "refusals.md"
        if not check:
            path.write_text(page(), encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != page():
            raise CommandError("docs/refusals.md is out of date: run `python manage.py refusals_doc`")
