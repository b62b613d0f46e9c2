"""The like of a text is found among many others, by the index, and before those that are less alike."""

import pytest
from django.db import connection

from tests import factories
from tests.tokens.evidence.test_gathering import PURPOSE, asked, found
from tokens.evidence import elsewhere, similarity
from tokens.models import AccessRequest

pytestmark = pytest.mark.django_db
MANY = 4000
# Chance bands for all; every one of them shares one band with the text that is asked about.
FILL = """
    INSERT INTO tokens_accessrequest (public_id, workspace_id, application_id, applicant_id, tier_id, state, version,
        purpose, users, links, submitted_at, due_at, decision_reason, language, repositories, wording)
    SELECT 'many' || lpad(n::text, 8, '0'), workspace_id, application_id, applicant_id, tier_id, 'withdrawn', 1,
        'Something else, of which a number is all there is to say: ' || n, '', '', now(), now(), '', '', '{}',
        CASE WHEN n <= 60 THEN ARRAY[%s::int] ELSE '{}' END
            || ARRAY(SELECT (random() * 4e9 - 2e9)::int FROM generate_series(1, 31) WHERE n > 0)
    FROM tokens_accessrequest, generate_series(1, %s) AS n WHERE id = %s
"""


@pytest.fixture(autouse=True)
def catalogue() -> None:
    factories.catalogue()


def fill(sample: AccessRequest, shared: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(FILL, [shared, MANY, sample.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE tokens_accessrequest")


def test_a_copy_is_found_before_newer_ones_that_are_less_alike() -> None:
    copied = asked("Noor")
    found(copied)
    fill(copied, similarity.bands(PURPOSE)[0])
    told = found(asked("Dana"))["same_wording"]
    assert (told.state, told.facts["requests"][0]["id"]) == ("warn", copied.public_id)
    assert told.facts["requests"][0]["alike"] == 100


def test_the_index_finds_it() -> None:
    sample = asked("Noor")
    fill(sample, 7)
    query = elsewhere.sharing(AccessRequest.objects.all(), similarity.bands(PURPOSE)).values("pk")
    with elsewhere.by_index():
        plan = query[: elsewhere.MOST_RANKED].explain()
    assert "request_by_wording" in plan, plan
