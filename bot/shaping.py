"""Replies made into pieces for the outbox, as their channel wants them. Imports `model`, `phrases`, the contract.

What the last menu offered and what MORE brings is remembered with the conversation. Who asked for discretion reads
neither the name of the service nor that of the centre.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.channels.base import Channel, Words
from bot.model.messages import Reply, Shaped
from bot.model.people import Conversation
from bot.phrases import Phrases

SERVICE = "Safar"


class Shaper:
    """Shapes for every channel. `centre` is the name that a discreet conversation must not show."""

    def __init__(self, channels: Mapping[str, Channel], phrases: Phrases, centre: str) -> None:
        self._channels = channels
        self._phrases = phrases
        self._names = re.compile("|".join(re.escape(name) for name in (centre, SERVICE) if name))

    def shape(self, conversation: Conversation, replies: Sequence[Reply]) -> Shaped:
        """The pieces. The last menu and the last rest are what a number or MORE means next."""
        channel = self._channels[conversation.channel]
        said = [self._discreet(reply) for reply in replies] if conversation.discreet else list(replies)
        rendered = [channel.render(reply, self._words(reply.language)) for reply in said]
        pieces = tuple(piece for one in rendered for piece in one.pieces)
        menu = next((reply.buttons for reply in reversed(said) if reply.buttons), ())
        rest = next((one.rest for one in reversed(rendered) if one.rest), ())
        return Shaped(pieces, {"menu": menu, "rest": rest} if said else {}, channel.capabilities.mailbox)

    def more(self, conversation: Conversation) -> Shaped:
        """What MORE brings: the kept rest, and of it again only so much as fits."""
        first, *others = conversation.rest
        shaped = self.shape(conversation, (Reply(first, conversation.language or "en"),))
        return replace(shaped, changes={"rest": (*shaped.changes["rest"], *others)})  # type: ignore[misc]

    def _discreet(self, reply: Reply) -> Reply:
        us = self._phrases.text("utter_us", reply.language)
        return replace(
            reply,
            text=self._names.sub(us, reply.text),
            sms=self._names.sub(us, reply.sms) if reply.sms else None,
        )

    def _words(self, tag: str) -> Words:
        def text(name: str) -> str:
            return self._phrases.text(name, tag)

        return Words(menu_hint=text("utter_menu_hint"), more_hint=text("utter_more_hint"))
