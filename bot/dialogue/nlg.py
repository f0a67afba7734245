"""Rasa's responses in the person's language, named in `endpoints.yml`. Imports `bot.phrases`, `bot.i18n`, Rasa.

The same texts that the desk says itself: one reader of `domain.yml`, one place for translators.
"""

from typing import Any

from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.phrases import Phrases, standard


class SafarNLG(NaturalLanguageGenerator):
    """Says the responses of `domain.yml`."""

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        self._phrases: Phrases = standard()

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """Called by Rasa; None for a response nobody wrote."""
        if utter_action not in self._phrases:
            return None
        metadata = (tracker.latest_message.metadata if tracker.latest_message else None) or {}
        tag = metadata.get("language") or tracker.get_slot("language") or "en"
        reply = self._phrases.reply(utter_action, tag)
        buttons = [{"title": button.label, "payload": button.payload} for button in reply.buttons]
        custom: dict[str, Any] = {**reply.meta, "language": reply.language}
        if reply.sms:
            custom["sms"] = reply.sms
        return {"text": reply.text, "buttons": buttons, "custom": custom}
