"""Noticing that an action failed: Rasa itself logs it and goes on as if the person had been answered.

`serve` puts `watch` around Rasa's remote actions; the tracker store then refuses to save that turn, so that the message
can be told again, and our input channel answers the desk with an error. Imports nothing of Safar.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

_failed: ContextVar[list[str] | None] = ContextVar("failed_actions", default=None)


class TurnBroken(Exception):
    """An action of this turn failed; nothing of the turn is kept."""


def begin() -> None:
    """A new message: nothing has failed yet."""
    _failed.set([])


def check() -> None:
    """Raises `TurnBroken` when an action has failed since `begin`."""
    failed = _failed.get()
    if failed:
        raise TurnBroken(", ".join(failed))


def note(action: str) -> None:
    """This action failed."""
    failed = _failed.get()
    if failed is not None:
        failed.append(action)


def watch(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """`run` of a remote action, which notes what it raises before Rasa swallows it."""

    async def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await run(self, *args, **kwargs)
        except Exception:
            note(self.name())
            raise

    return watched
