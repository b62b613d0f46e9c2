"""A figure appears only once it was measured."""

import pytest

from tests.benchmarks import decisions
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.scale import QUICK


def test_without_wrk_nothing_is_said_about_decisions(monkeypatch: pytest.MonkeyPatch, tmp_path, capsys) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert list(decisions.measure(QUICK)) == []
    assert "wrk is not installed" in capsys.readouterr().err


def test_the_table_has_a_line_for_each_figure() -> None:
    told = table([Figure("decisions_per_s", 671.2, "all allowed"), Figure("decision_p99_ms", 71.09, "of the same")])
    assert told.splitlines() == [
        "decisions_per_s        671.20  all allowed",
        "decision_p99_ms         71.09  of the same",
    ]
