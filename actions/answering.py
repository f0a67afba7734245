"""The actions of `domain.yml`. Each hands the message to the responder and what it decides back to Rasa."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import FindVector, context, deliver
from bot.dialogue.respond import Context, Move, Responder

Decide = Callable[[Responder, Context], Awaitable[Move]]

DECISIONS: Mapping[str, Decide] = {
    "action_answer": lambda responder, heard: responder.answer(heard),
    "action_choose": lambda responder, heard: responder.choose(heard),
    "action_person": lambda responder, heard: responder.person(heard),
    "action_country": lambda responder, heard: responder.country(heard),
    "action_language": lambda responder, heard: responder.language(heard),
    "action_useful_yes": lambda responder, heard: responder.useful(heard, True),
    "action_useful_no": lambda responder, heard: responder.useful(heard, False),
    "action_follow_up": lambda responder, heard: responder.follow_up(heard),
}
"""Every action of the domain and what it does; the contract tests hold the two together."""


class Answering(Action):
    """One action by its name."""

    def __init__(self, name: str, decide: Decide, responder: Responder, find_vector: FindVector) -> None:
        self._name = name
        self._decide = decide
        self._responder = responder
        self._find_vector = find_vector

    def name(self) -> str:
        """As the domain calls it."""
        return self._name

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Decide and deliver."""
        move = await self._decide(self._responder, context(tracker, self._find_vector))
        return deliver(move, dispatcher)


def all_actions(responder: Responder, find_vector: FindVector) -> dict[str, Answering]:
    """Every action, by name."""
    return {name: Answering(name, decide, responder, find_vector) for name, decide in DECISIONS.items()}
