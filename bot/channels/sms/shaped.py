"""SMS without a gateway: shapes replies as every gateway does. For the terminal, previews and the evaluation."""

from bot.channels.base import Capabilities, Rendered, Words
from bot.channels.sms.render import render
from bot.channels.terminal import Terminal
from bot.model.messages import Reply


class ShapedSms(Terminal):
    """The SMS form in segments, with its numbered menu."""

    name = "sms"
    capabilities = Capabilities(sms=True, mailbox=True)

    def __init__(self, segments: int) -> None:
        self._segments = segments

    def render(self, reply: Reply, words: Words) -> Rendered:
        """As a gateway's channel would."""
        return render(reply, words, self._segments)
