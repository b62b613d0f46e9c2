"""Several gather about one access request, or its text changes while one does."""

from typing import Any

import pytest

from tests import factories
from tests.concurrency import at_once, refused
from tests.tokens.evidence.asking import asked
from tiers.claims import claimed
from tokens.evidence import gathering, similarity, tasks
from tokens.evidence.finding import Case, Finding
from tokens.models import AccessRequest, Signal, SignalKind

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "Quite another purpose, namely to translate the letters of patients of a hospital into their own languages."


def test_several_at_once_keep_each_signal_once() -> None:
    factories.catalogue()
    request = asked()
    results = at_once(*[lambda: gathering.gather(request.pk)] * 4)
    assert refused(results) == []
    assert sorted(Signal.objects.values_list("kind", flat=True)) == sorted(gathering.SIGNALS)


def test_one_that_finds_another_at_work_leaves_it_to_later() -> None:
    factories.catalogue()
    request = asked()

    def busy() -> None:
        with claimed(f"evidence:{request.pk}") as ours:
            assert ours
            at_once(lambda: tasks.gather(request.pk))

    at_once(busy)
    assert AccessRequest.objects.get().signals_at is None
    tasks.gather(request.pk)
    assert AccessRequest.objects.get().signals_at is not None


def test_what_was_found_of_an_older_text_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.catalogue()
    request = asked()
    volume, looked = gathering.SIGNALS[SignalKind.VOLUME], []

    def meanwhile(case: Case) -> Finding:
        if not looked:
            AccessRequest.objects.filter(pk=request.pk).update(purpose=NEW, expected_volume=5)
        looked.append(case.asked.expected_volume)
        return volume(case)

    monkeypatch.setitem(gathering.SIGNALS, SignalKind.VOLUME, meanwhile)
    gathering.gather(request.pk)
    assert looked == [800, 5]
    found: dict[str, Any] = Signal.objects.get(kind=SignalKind.VOLUME).facts
    assert found["expected"] == 5
    assert AccessRequest.objects.get().wording == similarity.bands(NEW)
