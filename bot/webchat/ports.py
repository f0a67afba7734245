"""What the web chat needs of the desk. PURE protocols; `bot.public.desk` fills them in."""

from typing import Protocol

from bot.model.messages import Incoming
from bot.storage.repositories.messages import Taken
from bot.storage.repositories.outbox import Letter


class Desk(Protocol):
    """Messages in, letters out. `address` is the pseudonym of a conversation's key."""

    async def accept(self, incoming: Incoming) -> Taken:
        """Store a message; returns when it is committed."""
        ...

    async def wait(self, address: str, after: int, seconds: float) -> list[Letter]:
        """Letters with an id above `after`, at once or as soon as there are any, at most after `seconds`."""
        ...

    def is_erased(self, address: str) -> bool:
        """Did the person have everything deleted, by their word or a button?"""
        ...

    async def erase(self, address: str) -> None:
        """Delete the conversation and all that was said in it."""
        ...
