"""Errors are told apart, pauses grow, and what a gateway asks for is obeyed."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.model.errors import GiveUp, TryAgain, Unreachable
from bot.outbox.retry import LONGEST_PAUSE, SPREAD, Dead, Gone, Retry, decide, pause


def test_each_error_has_its_consequence() -> None:
    random = Random(1)
    assert isinstance(decide(TryAgain("busy"), 1, 12, random), Retry)
    assert decide(TryAgain("busy"), 12, 12, random) == Dead()
    assert decide(GiveUp("too long"), 1, 12, random) == Dead()
    assert decide(Unreachable("blocked"), 1, 12, random) == Gone()


def test_what_the_gateway_asks_for_is_a_lower_bound() -> None:
    decision = decide(TryAgain("flood", after=500.0), 1, 12, Random(1))
    assert isinstance(decision, Retry)
    assert decision.pause >= 500


@given(st.integers(1, 10_000), st.integers())
def test_pauses_stay_within_their_bounds(attempts: int, seed: int) -> None:
    assert 0 < pause(attempts, Random(seed)) <= LONGEST_PAUSE * (1 + SPREAD)


def test_pauses_grow() -> None:
    assert [round(pause(n, Random(0)) / pause(n - 1, Random(0)), 1) for n in range(2, 8)] == [2.0] * 6
