"""How much one person may send in a while: generous to people, tight to machines. In memory only. Imports nothing."""

import time
from collections import OrderedDict
from collections.abc import Callable

REMEMBERED = 20_000


class Limit:
    """A bucket for each key: `per_minute` at once, then as many in each minute. 0: no limit."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Take one from the key's bucket; False when it is empty."""
        if not self._most:
            return True
        now = self._clock()
        left, since = self._buckets.pop(key, (self._most, now))
        left = min(self._most, left + (now - since) * self._most / 60)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return left >= 1
