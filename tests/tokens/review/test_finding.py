"""What the search of the queue finds: few by the indexes of the texts, many by looking at each. Both find the same."""

from types import SimpleNamespace

import pytest

from accounts.models import User
from tokens.models import AccessRequest, Domain
from tokens.selectors import review_search

from .conftest import ask

FOUND = {
    "needl": "name",
    "zeld": "person",
    "pin.exam": "host",
    "weather": "purpose",
    "WEATH stations": "purpose",
    "校对": "chinese",
    "古籍 校对": "chinese",
}
NOT_FOUND = ("eather", "weather 校对", "对校", "'", "\\", "!", "a' | 'b", "weather:*", "' ' '", "(", "\u2003")


@pytest.fixture
def requests(desk: SimpleNamespace) -> dict[str, AccessRequest]:
    found = {kind: ask(f"Hay {number}") for number, kind in enumerate(("name", "person", "host", "purpose", "chinese"))}
    host, purpose = found["host"].application, AccessRequest.objects.filter
    Domain.objects.create(workspace=host.workspace, application=host, host="pin.example", proof="x")
    found["name"].application.name = "Needles"
    found["name"].application.save(update_fields=["name"])
    User.objects.filter(pk=found["person"].applicant_id).update(name="Zelda")
    purpose(pk=found["purpose"].pk).update(purpose="Tells of weather-stations, and of the weather at Stations.")
    purpose(pk=found["chinese"].pk).update(purpose="为学校做古籍的校对")
    return found


def shown(desk: SimpleNamespace, text: str) -> set[str]:
    return {row.public_id for row in desk.client.get("/review/", {"find": text}).context["rows"]}


@pytest.mark.parametrize("few", [review_search.FEW, 0])
def test_each_text_is_found_whether_few_or_many_have_it(
    few: int, desk: SimpleNamespace, requests: dict[str, AccessRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review_search, "FEW", few)
    for text, kind in FOUND.items():
        assert shown(desk, text) == {requests[kind].public_id}, text
    for asked in requests.values():
        assert shown(desk, asked.public_id.upper()) == {asked.public_id}
        assert shown(desk, asked.applicant.email.upper()) == {asked.public_id}
    assert not shown(desk, "@example.com")
    assert len(shown(desk, "ha")) == len(requests) - 1


@pytest.mark.parametrize("few", [review_search.FEW, 0])
@pytest.mark.parametrize("text", NOT_FOUND)
def test_whatever_is_typed_is_only_text(
    text: str,
    few: int,
    desk: SimpleNamespace,
    requests: dict[str, AccessRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(review_search, "FEW", few)
    found = shown(desk, text)
    assert found == set() or not text.strip()
