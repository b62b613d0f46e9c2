from django.core.management import call_command

from tokens.gateway.reasons import REASONS, REMEDY_KINDS
from tokens.management.commands import refusals_doc


def test_the_page_of_refusals_is_the_table() -> None:
    call_command("refusals_doc", check=True)
    page = refusals_doc.page()
    assert all(f"| `{code}` |" in page for code in (*REASONS, *REMEDY_KINDS))
