"""How much is measured: all of it, or (`--quick`) just so much that it is seen to run; that says nothing of speed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    tokens: int = 100_000
    few: int = 1_000
    many: int = 1_000_000
    rounds: int = 5
    seconds: int = 3
    warm_seconds: int = 180
    settle_seconds: int = 15
    revocations: int = 2_000
    grants: int = 10_000
    purchases: int = 700


FULL = Scale()
QUICK = Scale(
    tokens=2_000,
    few=200,
    many=4_000,
    rounds=1,
    seconds=1,
    warm_seconds=15,
    settle_seconds=2,
    revocations=40,
    grants=200,
    purchases=40,
)
