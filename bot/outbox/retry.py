"""When to try again. PURE: imports `bot.model` only.

Pauses double from two seconds to an hour and are spread by ±25 %, so that a gateway that comes back is not run over by
everybody at once. What a gateway asks for (Retry-After) is a lower bound.
"""

from dataclasses import dataclass
from random import Random

from bot.model.errors import GiveUp, SendError, TryAgain, Unreachable

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 3600.0
SPREAD = 0.25


@dataclass(frozen=True)
class Retry:
    """Try again in `pause` seconds."""

    pause: float


@dataclass(frozen=True)
class Dead:
    """This message stays unsendable until somebody orders it to be sent again."""


@dataclass(frozen=True)
class Gone:
    """Nothing can be sent to this person any more."""


def decide(error: SendError, attempts: int, most: int, random: Random) -> Retry | Dead | Gone:
    """What to do after the `attempts`-th failure (counted from 1) of at most `most`."""
    match error:
        case Unreachable():
            return Gone()
        case GiveUp():
            return Dead()
        case TryAgain(after=after) if attempts < most:
            return Retry(max(after or 0.0, pause(attempts, random)))
    return Dead()


def pause(attempts: int, random: Random) -> float:
    """Seconds to wait after the `attempts`-th failure."""
    plain = min(FIRST_PAUSE * 2.0 ** min(attempts - 1, 30), LONGEST_PAUSE)
    return plain * random.uniform(1 - SPREAD, 1 + SPREAD)
