"""How alike two texts are, and how like texts are found."""

from hypothesis import given
from hypothesis import strategies as st

from tokens.evidence.similarity import BANDS, bands, is_comparable, likeness

LONG = (
    "A reading aid for pupils: it reads a page of their school book aloud, explains the hard words in simple ones, and "
    "asks three questions at the end so that the teacher sees what was understood."
)
CHINESE = (
    "这是一个帮助小学生阅读课文的应用，它会朗读课文，用简单的词语解释生词，并在最后提出三个问题，让老师了解学生是否理解了"
    "课文的内容，适合在课堂上使用，也适合在家复习。"
)
texts = st.text(st.characters(categories=["L", "N", "Z", "P"]), max_size=300)


@given(texts, texts)
def test_likeness_is_the_same_both_ways_and_within_bounds(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) == likeness(other, one) <= 1


@given(texts.map(lambda text: f"{text} {LONG[:60]}"))
def test_the_same_text_is_wholly_alike_whatever_its_case_spaces_and_marks(text: str) -> None:
    changed = f"  {text.swapcase()} !! "
    if likeness(text, changed) == 1:  # Case does not come back for a few letters, such as ß.
        assert bands(text) == bands(changed)
    assert likeness(text, text) == 1


@given(texts)
def test_bands_fit_the_column_and_short_texts_have_none(text: str) -> None:
    found = bands(text)
    assert len(found) == (BANDS if is_comparable(text) else 0)
    assert all(-(2**31) <= number < 2**31 for number in found)


def test_a_few_changed_words_leave_texts_alike_and_found_by_their_bands() -> None:
    changed = LONG.replace("pupils", "students").replace("three", "five")
    assert likeness(LONG, changed) > 0.8
    assert set(bands(LONG)) & set(bands(changed))
    chinese = CHINESE.replace("小学生", "中学生")
    assert likeness(CHINESE, chinese) > 0.8
    assert set(bands(CHINESE)) & set(bands(chinese))


def test_texts_about_other_things_are_not_alike() -> None:
    other = (
        "An image generator for tabletop role players, who describe a monster and get a card to print for the evening."
    )
    assert likeness(LONG, other) < 0.3
    assert likeness(LONG, CHINESE) == 0
