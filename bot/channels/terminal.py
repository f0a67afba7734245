"""The terminal (`safar chat`, `ask`, `evaluate`) as a channel: its replies are fetched, nothing is sent.

`Fetched` puts any other channel's way of shaping replies behind the same mailbox, so that an SMS answer can be seen on
a terminal exactly as it would arrive. Imports `bot.model` and the contract only.
"""

from bot.channels.base import Capabilities, Channel, Parsed, Rendered, Request, Words
from bot.model.errors import GiveUp, Refused
from bot.model.messages import Outgoing, Reply


class Terminal:
    """Text as it is, buttons beside it."""

    name = "terminal"
    capabilities = Capabilities(buttons=True, mailbox=True)

    def parse(self, request: Request) -> Parsed:
        """No webhook belongs to a terminal."""
        raise Refused("no_webhook")

    def render(self, reply: Reply, words: Words) -> Rendered:
        """The whole reply in one piece."""
        return Rendered((Outgoing(reply.text, reply.buttons, reply.language),))

    async def send(self, outgoing: Outgoing, address: str) -> str:
        """Nothing is sent to a terminal."""
        raise GiveUp("mailbox_only")

    async def aclose(self) -> None:
        """Nothing to give back."""


class Fetched(Terminal):
    """A terminal that shapes replies as `other` does."""

    def __init__(self, other: Channel) -> None:
        self.name = other.name
        self.capabilities = Capabilities(sms=other.capabilities.sms, buttons=other.capabilities.buttons, mailbox=True)
        self._other = other

    def render(self, reply: Reply, words: Words) -> Rendered:
        """As the other channel would."""
        return self._other.render(reply, words)
