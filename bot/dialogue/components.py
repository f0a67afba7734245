"""The desk's understanding as Rasa components. Imports the encoder, languages and places of this package, and Rasa.

The desk has read each message before it tells Rasa; what it found travels in the message's metadata and is used as it
is. In `rasa shell`, `rasa test` and training there is no desk: then the components find it out themselves.

Rasa reads the annotations of these methods, so they can't be postponed (`from __future__ import annotations`).
"""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.dialogue.client import unpack
from bot.dialogue.encoder import Encoder
from bot.dialogue.language import Recogniser
from bot.dialogue.places import Places
from bot.dialogue.vectors import VectorCache
from bot.model.understanding import FloatVector
from bot.settings import read

VECTOR = "e5"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=False)
class SentenceVector(GraphComponent):
    """Puts the e5 vector of a message on it, as a dense sentence feature."""

    def __init__(self) -> None:
        self._encoder: Encoder | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceVector":
        """Called by Rasa."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """All examples at once; what was encoded in an earlier training is not encoded again."""
        examples = [message for message in training_data.training_examples if message.get(TEXT)]
        cache = VectorCache(read().data_path / "cache", self._loaded().name, self._loaded().encode_many)
        for message, vector in zip(examples, cache.vectors([m.get(TEXT) for m in examples]), strict=True):
            _attach(message, vector)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """One message, with the desk's vector where there is one."""
        for message in messages:
            given = _given(message)
            if given is None and not message.get(TEXT, "").startswith("/"):
                given = self._loaded().encode(message.get(TEXT, ""))
            if given is not None:
                _attach(message, given)
        return messages

    def _loaded(self) -> Encoder:
        if self._encoder is None:
            self._encoder = Encoder()
        return self._encoder


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=False)
class LanguageAndPlaces(GraphComponent):
    """Notes the language of a message and the countries it names, as entities."""

    def __init__(self) -> None:
        self._places: Places | None = None
        self._recogniser: Recogniser | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "LanguageAndPlaces":
        """Called by Rasa."""
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing is learnt from countries."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """From the desk's reading, or read here."""
        for message in messages:
            metadata = message.get("metadata") or {}
            if "places" not in metadata and not message.get(TEXT, "").startswith("/"):
                metadata = self._read(message)
            found = [{**place, "entity": "country", "value": place["country"]} for place in metadata.get("places", [])]
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
            message.set("language", metadata.get("language"), add_to_output=True)
        return messages

    def _read(self, message: Message) -> dict[str, Any]:
        if self._places is None or self._recogniser is None:
            self._places, self._recogniser = Places(), Recogniser()
        text = message.get(TEXT, "")
        places = [
            {"country": p.country, "role": p.role or None, "start": p.start, "end": p.end}
            for p in self._places.find(text)
        ]
        return {"places": places, "language": self._recogniser.recognise(text).tag}


def _given(message: Message) -> FloatVector | None:
    packed = (message.get("metadata") or {}).get("vector")
    return unpack(packed) if packed else None


def _attach(message: Message, vector: FloatVector) -> None:
    message.add_features(Features(vector.reshape(1, -1), FEATURE_TYPE_SENTENCE, TEXT, "SentenceVector"))
    message.set(VECTOR, vector, add_to_output=False)
