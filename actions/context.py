"""From Rasa's tracker to what an answer depends on, and back to Rasa's events. Imports `bot.dialogue.respond`."""

from collections.abc import Callable, Mapping
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.dialogue.client import unpack
from bot.dialogue.respond import Context, Move
from bot.model.understanding import FloatVector, Place

FindVector = Callable[[str, str], FloatVector]
"""From a message id and its text to its vector: kept by the desk, or encoded again."""


def context(tracker: Tracker, find_vector: FindVector) -> Context:
    """What the latest message was about."""
    message: Mapping[str, Any] = tracker.latest_message or {}
    metadata = message.get("metadata") or {}
    known = metadata.get("known") or {}
    message_id, text = str(metadata.get("message_id", "")), message.get("text") or ""
    packed = metadata.get("vector")
    return Context(
        conversation_id=tracker.sender_id,
        message_id=message_id,
        text=text,
        language=metadata.get("language") or message.get("language") or "en",
        guessed=metadata.get("guessed") or "",
        vector=unpack(packed) if packed else find_vector(message_id, text),
        intent=(message.get("intent") or {}).get("name") or "",
        places=tuple(_places(message)),
        origin=known.get("origin") or tracker.get_slot("origin"),
        destination=known.get("destination") or tracker.get_slot("destination"),
        entry=tracker.get_slot("entry"),
        failures=int(tracker.get_slot("failures") or 0),
        chosen=_chosen(message),
    )


def _places(message: Mapping[str, Any]) -> list[Place]:
    found = [
        entity for entity in message.get("entities", []) if entity.get("entity") == "country" and "start" in entity
    ]
    return [
        Place(entity["value"], entity.get("role") or "", entity["start"], entity["end"])
        for entity in found
        if not str(message.get("text", "")).startswith("/")
    ]


def _chosen(message: Mapping[str, Any]) -> str | None:
    """What a button carried; entities that people typed are no choice."""
    if not str(message.get("text", "")).startswith("/"):
        return None
    wanted = ("entry", "language", "country")
    return next((str(e["value"]) for e in message.get("entities", []) if e.get("entity") in wanted), None)


def deliver(move: Move, dispatcher: CollectingDispatcher) -> list[dict[str, Any]]:
    """Say the replies; the slots as events."""
    for reply in move.replies:
        buttons = [{"title": button.label, "payload": button.payload} for button in reply.buttons]
        custom: dict[str, Any] = {**reply.meta, "language": reply.language}
        if reply.sms:
            custom["sms"] = reply.sms
        dispatcher.messages.append({"text": reply.text, "buttons": buttons, "custom": custom})
    return [SlotSet(name, value) for name, value in move.slots.items()]
