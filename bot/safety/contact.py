"""Writing safely: may a person write, who sees this phone, and the word that deletes everything. PURE but the digest.

The person decides and may change their mind at any moment; nothing here asks who they are. The word itself is not kept,
only its digest. Imports `model` and `phrases`.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from bot.model.messages import Incoming, Kind, Reply
from bot.model.payloads import parse
from bot.model.people import Conversation
from bot.phrases import Phrases

SHORTEST_CODE, LONGEST_CODE = 4, 40
"""Characters: shorter would be typed by accident, longer is not remembered."""
WRITTEN = frozenset({Kind.TEXT, Kind.EDITED})
CODE = "code"


@dataclass(frozen=True)
class Step:
    """What is answered and remembered; `erase` when all of it is to go, `secret` when the message is not to be kept."""

    replies: tuple[Reply, ...] = ()
    changes: Mapping[str, object] = field(default_factory=dict)
    erase: bool = False
    secret: bool = False


class SafeContact:
    """Implements `bot.inbox.ports.SafeContact`. `emergency` gives the values of urgent texts."""

    def __init__(
        self,
        phrases: Phrases,
        digest: Callable[[str], str],
        emergency: Callable[[Conversation, str], Mapping[str, object]],
    ) -> None:
        self._phrases = phrases
        self._digest = digest
        self._emergency = emergency

    def is_code(self, incoming: Incoming, conversation: Conversation) -> bool:
        """Is the whole message the word that this person chose?"""
        if not conversation.code or incoming.kind not in WRITTEN or len(incoming.text) > 2 * LONGEST_CODE:
            return False
        return self._digest(_folded(incoming.text)) == conversation.code

    def step(self, incoming: Incoming, payload: str | None, conversation: Conversation, tag: str) -> Step | None:
        """What a button or an expected word means, or None when the message is about something else."""
        parsed = parse(payload or "")
        if parsed is not None and parsed.verb == "urgent":
            return self._may_write(parsed.value, conversation, tag)
        if parsed is not None and parsed.verb == "safe":
            return self._choice(parsed.value, tag)
        expected, _, first = conversation.expects.partition(":")
        if payload is None and expected == CODE and incoming.kind in WRITTEN:
            return self._chosen(incoming.text, first, tag)
        return None

    def _may_write(self, value: str, conversation: Conversation, tag: str) -> Step:
        said = self._phrases.reply(f"utter_urgent_{value}", tag, self._emergency(conversation, tag))
        asked = self._phrases.reply("utter_who_sees", tag)
        reply = replace(said, text=f"{said.text}\n\n{asked.text}", sms=None, buttons=asked.buttons)
        return Step((reply,), {"contact": value})

    def _choice(self, value: str, tag: str) -> Step:
        match value:
            case "delete":
                return Step(erase=True)
            case "seen":
                return Step((self._phrases.reply("utter_discreet_on", tag),), {"discreet": True})
            case "mine":
                return Step((self._phrases.reply("utter_discreet_off", tag),), {"discreet": False})
            case "code":
                return Step((self._phrases.reply("utter_code_ask", tag),), {"expects": CODE})
        return Step((self._phrases.reply("utter_safe_menu", tag),))

    def _chosen(self, text: str, first: str, tag: str) -> Step | None:
        """A word is asked for twice: what was typed by mistake, a question perhaps, must never delete anything."""
        word = _folded(text)
        digest = self._digest(word)
        if first:
            if digest != first:
                return None  # something else was written: it is answered as what it is
            said = self._phrases.reply("utter_code_set", tag)
            return Step((said,), {"code": digest, "expects": ""}, secret=True)
        if not SHORTEST_CODE <= len(word) <= LONGEST_CODE:
            values = {"shortest": SHORTEST_CODE, "longest": LONGEST_CODE}
            return Step((self._phrases.reply("utter_code_bad", tag, values),), {"expects": ""}, secret=True)
        said = self._phrases.reply("utter_code_again", tag)
        return Step((said,), {"expects": f"{CODE}:{digest}"}, secret=True)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
