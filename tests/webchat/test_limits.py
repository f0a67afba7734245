"""bot.webchat.limits: a bucket for each key, refilled by time, and no more memory than agreed."""

from bot.webchat.limits import REMEMBERED, Limit


def test_a_bucket_empties_and_fills_again_each_by_itself() -> None:
    now = [0.0]
    limit = Limit(2, lambda: now[0])
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    assert limit.allows("b")
    now[0] = 30
    assert [limit.allows("a") for _ in range(2)] == [True, False]
    now[0] = 1000
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]


def test_many_strangers_take_no_more_memory_and_the_newest_are_remembered() -> None:
    limit = Limit(1, lambda: 0.0)
    for number in range(REMEMBERED + 10):
        limit.allows(str(number))
    assert len(limit._buckets) == REMEMBERED
    assert not limit.allows(str(REMEMBERED + 9))


def test_nought_is_no_limit() -> None:
    limit = Limit(0)
    assert all(limit.allows("a") for _ in range(1_000))
