"""What is said to somebody in danger, at once and without anybody else: no Rasa, no search, no network.

The order is that of `wording`: not to blame, the emergency number, who can help with this kind of danger, how to clear
the chat, and whether a person may write. Nothing is asked about names, papers or employers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bot.model.messages import Reply
from bot.model.people import Conversation
from bot.model.understanding import Alarm, FloatVector
from bot.phrases import Phrases
from bot.safety.detect import Detector
from knowledge.directory import Directory, dialled

HELP_LINES: Mapping[str, tuple[str, ...]] = {
    "trafficking": ("trafficking",),
    "held": ("trafficking", "migrant_worker"),
    "violence": ("gender_violence", "trafficking"),
    "sexual_violence": ("gender_violence",),
    "suicide": ("mental_health",),
    "medical": (),
    "sea": ("sea_rescue",),
    "child_alone": ("children",),
    "return_danger": ("legal_aid",),
    "crisis": ("consular",),
}
"""Every kind of danger and the services that are named for it, beside the emergency number."""
MOST_LINES = 3


class Danger:
    """Detects and speaks. `directory` is asked anew each time: what staff publish holds here as well."""

    def __init__(self, detector: Detector, phrases: Phrases, directory: Callable[[], Directory]) -> None:
        self._detector = detector
        self._phrases = phrases
        self._directory = directory

    def detect(
        self, text: str, vector: FloatVector | None, recent: Sequence[str] = (), language: str | None = None
    ) -> Alarm | None:
        """See `Detector`."""
        return self._detector.detect(text, vector, recent, language)

    def say(self, alarm: Alarm, conversation: Conversation, language: str) -> Reply:
        """The reply, urgent, with its SMS form."""
        first = self._phrases.reply("utter_urgent", language, self.values(conversation, language))
        lines = self._lines(alarm.kind, conversation, language)
        helping = "\n".join([self._phrases.text("utter_urgent_hotline", language), *lines]) if lines else ""
        country = "" if conversation.destination else self._phrases.text("utter_urgent_country", language)
        meta = {"urgency": alarm.kind, "origin": conversation.origin, "destination": conversation.destination}
        close = self._phrases.text("utter_urgent_close", language)
        text = "\n\n".join(part for part in (first.text, helping, country, close) if part)
        short = "\n".join(part for part in (first.text, *lines[:1], country) if part)
        return replace(first, text=text, sms=short, urgent=True, meta=meta)

    def values(self, conversation: Conversation, language: str) -> Mapping[str, str]:
        """What urgent texts are filled with: the emergency numbers of where the person is."""
        numbers = self._directory().emergency(conversation.destination)
        listed = ", ".join(f"{service.phone} ({self._phrases.label(service.name, language)})" for service in numbers)
        return {"emergency": listed or self._phrases.text("utter_emergency_number", language)}

    def _lines(self, kind: str, conversation: Conversation, language: str) -> list[str]:
        where, home = conversation.destination, conversation.origin
        found = [
            service
            for wanted in HELP_LINES[kind]
            for service in self._directory().best(wanted, where, home)
            if service.kind != "emergency"
        ]
        usable = [(service, dialled(service, where)) for service in dict.fromkeys(found) if service.phone]
        lines = [
            f"{self._phrases.label(service.name, language)}: {number.number}"
            for service, number in usable
            if not number.only_inside
        ]
        return lines[:MOST_LINES]
