"""The page is what the code says."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tiers.order_states import OrderState


def test_the_page_is_up_to_date_and_shows_every_state(settings: Settings) -> None:
    call_command("order_states", check=True)
    page = (Path(settings.BASE_DIR) / "docs" / "order-states.md").read_text(encoding="utf-8")
    assert [state.label for state in OrderState if f"**{state.label}**" not in page] == []


def test_a_page_that_differs_is_named(settings: Settings, tmp_path: Path) -> None:
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"docs/order-states\.md is out of date"):
        call_command("order_states", check=True)
