"""What a rule approved is taken back by people, and what applicants read of it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils.translation import override

from accounts.errors import DomainError
from accounts.models import AuditEvent
from tests import factories
from tests.tokens.review.conftest import signed_in
from tests.tokens.rules.conftest import FOR_FLOWER, a_rule, waiting
from tiers.models import Grant, GrantSource
from tokens import review_terms
from tokens.actions.undoing import reopen_request, undo_decision
from tokens.evidence.gathering import gather
from tokens.models import AccessRequest, Decision
from tokens.rules.applying import apply, sweep
from tokens.selectors import rules as selectors

pytestmark = pytest.mark.django_db


def approved(desk: SimpleNamespace) -> Decision:
    asked = waiting()
    apply(asked)
    return Decision.objects.get(access_request=asked)


def live() -> int:
    return Grant.objects.filter(source=GrantSource.REQUEST, revoked_at=None).count()


def test_any_reviewer_undoes_it_and_no_rule_decides_it_again(desk: SimpleNamespace) -> None:
    a_rule(by=desk.ada)
    a_rule(by=desk.ada, position=200)
    after = undo_decision(decision=approved(desk), by=factories.maintainer())
    assert (after.state, after.decided_rule, live()) == ("submitted", None, 0)
    assert (apply(after), sweep(), live()) == ([], 0, 0)


def test_the_page_offers_it_to_every_reviewer_with_whose_rule_it_was(
    desk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_rule(by=desk.ada)
    decision = approved(desk)
    gather(decision.access_request.pk)
    page = f"/review/{decision.access_request.public_id}/"
    shown = desk.reader.get(page).content.decode()
    assert "Decided by the rule “<bdi>approve 100</bdi>”, version 1, which <bdi>Ada</bdi> wrote." in shown
    assert f'value="{decision.public_id}"' in shown
    insider = factories.person("Inga", "maintainer")
    factories.join(decision.access_request.workspace, insider)
    for other in (signed_in(insider), signed_in(factories.auditor())):
        assert "Decided by the rule" not in other.get(page).content.decode()
    with monkeypatch.context() as later:
        later.setattr(review_terms, "UNDO_FOR", timedelta(0))
        assert "Decided by the rule" not in desk.reader.get(page).content.decode()
    undone = desk.reader.post(f"{page}undo/", {"decision": decision.public_id}, follow=True).content.decode()
    assert "is undone, and nobody was mailed" in undone
    assert "Decided by the rule" not in undone
    assert live() == 0


def test_nobody_of_the_workspace_undoes_it(desk: SimpleNamespace) -> None:
    a_rule(by=desk.ada)
    decision = approved(desk)
    factories.join(decision.access_request.workspace, desk.mika)
    with pytest.raises(DomainError, match="workspace"):
        undo_decision(decision=decision, by=desk.mika)
    assert live() == 1


def test_reopened_ones_stay_with_people_and_count_as_overturned(desk: SimpleNamespace) -> None:
    version = a_rule(by=desk.ada)
    first, second = approved(desk), approved(desk)
    reopen_request(access_request=first.access_request, reason="Not what it says", by=desk.mika)
    undo_decision(decision=second, by=desk.mika)
    approved(desk)
    [line] = selectors.lines([version.rule], second.at)
    assert (line.uses, line.decided, line.overturned) == (3, 3, 2)
    assert AccessRequest.objects.filter(state="approved").count() == live() == 1


def test_applicants_read_that_a_rule_approved_it_and_not_why(desk: SimpleNamespace) -> None:
    version = a_rule(FOR_FLOWER, {"field": "volume_at_most", "value": 31_415}, by=desk.ada)
    decision = approved(desk)
    client = signed_in(decision.access_request.applicant)
    for path in (f"/requests/{decision.access_request.public_id}/", "/workspace/activity/"):
        shown = client.get(path).content.decode()
        assert "31,415" not in shown
        assert "31415" not in shown
    page = client.get(f"/requests/{decision.access_request.public_id}/").content.decode()
    with override("en"):
        assert version.in_words in page
    told = AuditEvent.objects.get(action="request.approved")
    assert told.after["rule"] == str(version)
    assert "Rule of review used" not in client.get("/workspace/activity/").content.decode()
