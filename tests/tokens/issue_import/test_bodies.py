"""Bodies of issue forms, split into headings and answers."""

from hypothesis import given
from hypothesis import strategies as st

from tests.factories.issues import BODY
from tokens.issue_import.bodies import read, ticked
from tokens.issue_import.matching import guess, match

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


def words(text: str) -> set[str]:
    return {word for word in text.split() if any(character.isalnum() for character in word)}


LINES = """### App Name|### Арр Name|### app name:|### C#|### Tier ###|###|### ###|#### Deeper|## Higher|_No response_||
- [x] I agree|- [ ] I do not|```|~~~|````python|``` a sentence after it|    ### indented|> ### quoted|### \u202eevil|
plain words here|### ＡＰＰ　ＮＡＭＥ|\u2028### after a separator""".replace("|\n", "|").split("|")
lines = st.sampled_from(LINES)


@given(st.lists(lines | st.text(max_size=30), max_size=25), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_hostile_bodies_lose_no_word_and_no_answer(parts: list[str], end: str, guessed: bool) -> None:
    """But for what GitHub puts there itself: an answer that is none, boxes not ticked, the language after a fence."""
    body = end.join(parts)
    answers = read(body)
    headings = guess(answers.found) if guessed else {"application": "App Name", "tier": "Tier", "purpose": "C#"}
    matched = match(answers, headings)
    shown = "\n".join(
        [
            *answers.found,
            *matched.values.values(),
            *(f"{heading} {text}" for heading, text in matched.unmatched.items()),
        ]
    )
    told = {word for word in words(body) if word.strip("_`~#-[]>")}
    without = {"_No", "response_", "[x]", "````python"} | words(" ".join(p for p in parts if p.startswith("- [ ]")))
    fences = {part.strip().lstrip("`~") for part in parts if part.strip().startswith(("```", "~~~"))}
    for word in told - without:
        assert word in shown or word.rstrip("#,") in shown or word.lstrip("`~") in fences, (word, shown)


def test_a_line_of_a_hundred_thousand_blanks_and_signs_is_read_at_once() -> None:
    body = "### a" + " " * 50_000 + "#" * 50_000 + " b\n\n" + "x" * 200_000
    [(heading, text)] = read(body).found.items()
    assert heading.endswith(" b")
    assert len(text) == 200_000


def test_number_signs_that_belong_to_a_heading_stay() -> None:
    assert list(read("### Do you use C#\n\nyes\n\n### Tier ##\n\nflower").found) == ["Do you use C#", "Tier"]
