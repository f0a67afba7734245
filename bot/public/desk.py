"""The desk as the web chat sees it. Imports all stages up to `inbox` and `outbox`."""

from bot.inbox.intake import Intake
from bot.model.messages import Incoming
from bot.outbox.mailbox import Mailbox
from bot.storage.crypt import Crypt
from bot.storage.engine import Store
from bot.storage.repositories import conversations
from bot.storage.repositories.messages import Taken
from bot.storage.repositories.outbox import Letter

WEBCHAT = "webchat"


class WebDesk:
    """Implements `bot.webchat.ports.Desk`."""

    def __init__(self, store: Store, crypt: Crypt, intake: Intake, mailbox: Mailbox) -> None:
        self._store = store
        self._crypt = crypt
        self._intake = intake
        self._mailbox = mailbox

    async def accept(self, incoming: Incoming) -> Taken:
        """Store a message."""
        return await self._intake.accept(incoming)

    async def wait(self, address: str, after: int, seconds: float) -> list[Letter]:
        """Letters, at once or when there are some."""
        return await self._mailbox.wait(WEBCHAT, address, after, seconds)

    def is_erased(self, address: str) -> bool:
        """Did the person have everything deleted?"""
        return self._mailbox.is_erased(WEBCHAT, address)

    async def erase(self, address: str) -> None:
        """Delete a conversation, if there is one."""
        crypt = self._crypt
        found = await self._store.read(lambda session: conversations.find(session, crypt, WEBCHAT, address))
        if found:
            await self._store.write(lambda session: conversations.erase(session, found.id))
