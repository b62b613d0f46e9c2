"""Files and functions stay small, the tail as well as the middle."""

from tests.guards.sources import STOREYS, ninetieth, sources

FILE, FUNCTION, TEST_FILE = 400, 50, 250
FILE_NINETIETH, FUNCTION_NINETIETH = 250, 25
# path, or path::function → why it may be longer.
EXCEPTIONS: dict[str, str] = {}


def test_no_file_is_long() -> None:
    long = {source.path: source.lines for source in sources(*STOREYS) if source.lines > FILE}
    assert long.keys() - EXCEPTIONS.keys() == set(), long


def test_no_test_file_is_long() -> None:
    long = {source.path: source.lines for source in sources("tests") if source.lines > TEST_FILE}
    assert long.keys() - EXCEPTIONS.keys() == set(), long


def test_no_function_is_long() -> None:
    long = {name: lines for source in sources(*STOREYS) for name, lines in source.functions() if lines > FUNCTION}
    assert long.keys() - EXCEPTIONS.keys() == set(), long


def test_nine_in_ten_are_short() -> None:
    assert ninetieth([source.lines for source in sources(*STOREYS)]) <= FILE_NINETIETH
    assert ninetieth([lines for source in sources(*STOREYS) for _, lines in source.functions()]) <= FUNCTION_NINETIETH


def test_exceptions_still_apply() -> None:
    lengths = {source.path: source.lines for source in sources(*STOREYS, "tests")}
    limits = {path: TEST_FILE if path.startswith("tests/") else FILE for path in lengths}
    functions = {name: lines for source in sources(*STOREYS) for name, lines in source.functions()}
    stale = [
        name
        for name in EXCEPTIONS
        if lengths.get(name, 0) <= limits.get(name, FILE) and functions.get(name, 0) <= FUNCTION
    ]
    assert stale == []
