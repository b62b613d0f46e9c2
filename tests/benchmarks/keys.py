"""Refusing or reading a token's written form, which needs no I/O."""

from collections.abc import Iterator

from tests.benchmarks.figures import Figure, per_second
from tests.benchmarks.scale import Scale
from tokens import keys


def measure(_scale: Scale) -> Iterator[Figure]:
    good = keys.make(keys.KeyKind.SECRET, "0123456789ab").text
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    yield Figure("token_parses_per_s", per_second(lambda: keys.parse_token(good)), "tokens read, one core")
    yield Figure(
        "malformed_tokens_per_s", per_second(lambda: keys.parse_token(bad)), "malformed tokens refused, one core"
    )
