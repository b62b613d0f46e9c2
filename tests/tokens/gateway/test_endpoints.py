"""Which operation a method and a path name, whatever the path."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiers.facts import OperationFacts
from tokens.gateway import endpoints

OPERATIONS = {
    "chat": OperationFacts("chat", "Chat", ("POST /v1/chat/completions", "GET /prompt/{prompt}")),
    "image": OperationFacts("image", "Image", ("POST /v1/models/{model}/images",)),
    "special": OperationFacts("special", "Special", ("GET /prompt/special",)),
}


def found(method: str, path: str) -> tuple[str, str | None] | None:
    match = endpoints.match(OPERATIONS, method, path)
    return (match.operation.slug, match.model) if match else None


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/chat/completions", ("chat", None)),
        ("POST", "/v1/chat/completions?a=/../b//c%2f", ("chat", None)),
        ("POST", "/v1/ch%61t/completions", ("chat", None)),
        ("GET", "/prompt/a%20b", ("chat", None)),
        ("GET", "/prompt/%E8%8A%B1", ("chat", None)),
        ("GET", "/prompt/special", ("special", None)),
        ("POST", "/v1/models/m%2E1/images", ("image", "m.1")),
        ("GET", "/prompt/%252e%252e", ("chat", None)),
    ],
)
def test_paths_are_decoded_once(method: str, path: str, expected: tuple[str, str | None]) -> None:
    assert found(method, path) == expected


UNKNOWN = [
    *("", "/", "v1/chat/completions", "http://x/v1/chat/completions", "//v1/chat/completions", "*"),
    *("/v1//chat/completions", "/v1/chat/completions/", "/v1/./chat/completions", "/v1/x/../chat/completions"),
    *("/v1/%2e/chat/completions", "/v1/x/%2e%2E/chat/completions", "/v1/chat%2fcompletions", "/v1/chat%5Ccompletions"),
    *("/v1\\chat\\completions", "/v1/chat/completions%00", "/v1/chat/completions%", "/v1/chat/completions%zz"),
    *("/v1/chat/completions#", "/v1/chat/completions#/../x", "/v1/chat/completions;a", "/V1/chat/completions"),
    *("/v1/chat/completions\r\nX: y", "/v1/chat/completions%0d%0a", "/v1/chat/\x00", "/v1/ch%C0%AFt/completions"),
    *("/v1/%ud83d/completions", "/v1/models//images", "/v1/models/a/b/images", "/v1/models/\ud800/images"),
    "/v1/chat/completions" + "/" * 9000,
]


@pytest.mark.parametrize("path", UNKNOWN, ids=lambda path: repr(path)[:30])
def test_what_two_readers_might_read_differently_names_nothing(path: str) -> None:
    for method in ("POST", "GET"):
        assert found(method, path) is None


def test_methods_are_told() -> None:
    assert endpoints.methods_of(OPERATIONS, "/v1/chat/completions") == ["POST"]
    assert endpoints.methods_of(OPERATIONS, "/v1//chat/completions") == []
    assert found("DELETE", "/v1/chat/completions") is None


@given(st.text(st.characters(exclude_characters="/\\", exclude_categories=("Cs", "Cc")), min_size=1))
def test_any_name_comes_back_from_its_segment(name: str) -> None:
    expected = None if name in {".", ".."} or len(quote(name)) > 8000 else ("image", name)
    assert found("POST", f"/v1/models/{quote(name, safe='')}/images") == expected


@given(st.text())
def test_no_path_raises(path: str) -> None:
    for method in ("POST", path[:5]):
        endpoints.match(OPERATIONS, method, path)
        endpoints.match(OPERATIONS, method, f"/prompt/{path}")
        endpoints.methods_of(OPERATIONS, f"/v1/models/{path}/images")
