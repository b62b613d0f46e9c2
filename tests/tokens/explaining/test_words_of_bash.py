"""Words of a pasted command are what bash makes of them."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from tokens.explaining.commands import _words

texts = st.lists(
    st.sampled_from([*"ab'\"\\ \n\t$!é中\x1b", "\\'", "\\u0041", "\\x41", "\\n", "\\101"]), max_size=12
).map("".join)


def bash(script: str, *given: str, locale: str = "C.UTF-8") -> str:
    program = shutil.which("bash")
    assert program is not None
    found = subprocess.run(
        [program, "-c", script, "bash", *given], capture_output=True, check=True, timeout=60, env={"LC_ALL": locale}
    )
    return found.stdout.decode()


@given(st.lists(texts, min_size=1, max_size=8), st.sampled_from(["C", "C.UTF-8"]))
@trials(max_examples=60, deadline=None)
def test_what_bash_quotes_is_read(words: list[str], locale: str) -> None:
    """In the first locale it knows no letters but those of ASCII, and writes bytes."""
    quoted = bash("printf '%q ' \"$@\"", *words, locale=locale)
    assert list(_words(f"curl {quoted} last")) == [*words, "last"]


@pytest.mark.parametrize(
    "word",
    [
        r"$'it\'s'",
        r"$'\xe4\xb8\xad \344\270\255 \400'",
        r"$'\u4e2d\x41\101\n\t\\ \"\? \q'",
        r"""a$'b'"c"'d'""",
        r""""$'no'" '$' $'yes'""",
        r"\$'x'",
        r"'a'$'\''",
    ],
)
def test_quotes_of_all_kinds_are_read_as_bash_does(word: str) -> None:
    assert list(_words(f"curl {word}")) == bash(f"printf '%s\\0' {word}").split("\0")[:-1]
