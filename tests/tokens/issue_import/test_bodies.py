"""Bodies of issue forms, split into headings and answers."""

from hypothesis import given
from hypothesis import strategies as st

from tests.factories.issues import BODY
from tokens.issue_import.bodies import read, ticked

heading = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
answer = st.text(st.characters(exclude_categories=["C"], exclude_characters="#`~_\u2028\u2029\x85"), max_size=60)


def test_a_body_as_github_makes_it() -> None:
    answers = read(BODY)
    assert list(answers.found) == [
        "App Name",
        "App URL",
        "App Description",
        "Requests per day",
        "Have you read the rules?",
        "Anything else",
    ]
    assert answers.found["App Name"] == "Lantern"
    assert answers.found["Anything else"] == ""
    assert ticked(answers.found["Have you read the rules?"]) == ["I have read them"]
    assert (answers.before, answers.repeated) == ("", set())


@given(st.dictionaries(heading, answer.map(str.strip), max_size=8))
def test_what_was_written_is_read(fields: dict[str, str]) -> None:
    body = "\n\n".join(f"### {name}\n\n{text or '_No response_'}" for name, text in fields.items())
    assert read(body).found == fields


@given(st.text(max_size=400))
def test_any_text_at_all_is_read_and_nothing_of_it_is_lost(text: str) -> None:
    answers = read(text)
    kept = "".join([answers.before, *answers.found, *answers.found.values()])
    for word in text.replace("\r", "\n").split():
        if word.isalnum():
            assert word in kept


def test_a_heading_in_fenced_code_is_none() -> None:
    answers = read("### Code\n\n```shell\n### not one\n```\n\n### Next\n\nyes")
    assert answers.found == {"Code": "### not one", "Next": "yes"}


def test_a_heading_that_somebody_put_into_an_answer_is_doubtful_and_nothing_is_lost() -> None:
    answers = read("### Purpose\n\nmine\n\n### Tier\n\nnectar\n\n### Tier\n\nflower")
    assert answers.repeated == {"Tier"}
    assert answers.found["Tier"] == "nectar\n\nflower"


def test_the_headings_of_one_body_are_bounded() -> None:
    answers = read("\n".join(f"### {number}\n\nx" for number in range(500)))
    assert len(answers.found) == 60
    assert "### 499" in answers.found["59"]
