"""The time, as everybody asks for it. Tests hand in a clock of their own; imports nothing of Safar."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)
