"""The intent of a message: logistic regression on its vector. Imports Rasa; scikit-learn only while training.

The trained weights are one small array, so that it loads in a millisecond and predicts in a tenth of one. Small talk
must be surer than a question: a question that is taken for small talk goes unanswered, the other way round the search
simply finds nothing.
"""

import re
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.dialogue.components import VECTOR

ASK = "ask"
WEIGHTS = "weights.npz"
SURE_SHORT, SURE_LONG = 0.45, 0.70
RARE = 0.7
"""The power to which an intent's rarity counts; 1 would make every intent as weighty as all questions together."""
LONG = 40
"""Characters from which a message is rather a story than a greeting."""


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class IntentClassifier(GraphComponent):
    """One weight a dimension and intent."""

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._storage = model_storage
        self._resource = resource
        self._weights: NDArray[np.float32] = np.zeros((1, 385), dtype=np.float32)
        self._intents: list[str] = [ASK]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Called by Rasa: how strongly it is regularised."""
        return {"C": 20.0}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "IntentClassifier":
        """Called by Rasa before training."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "IntentClassifier":
        """Called by Rasa to use a trained one."""
        classifier = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder, np.load(folder / WEIGHTS) as stored:
            classifier._weights = stored["weights"]
            classifier._intents = [str(intent) for intent in stored["intents"]]
        return classifier

    def train(self, training_data: TrainingData) -> Resource:
        """Fit and store."""
        examples = [m for m in training_data.intent_examples if m.get(VECTOR) is not None]
        intents = [m.get(INTENT) for m in examples]
        self._intents = sorted(set(intents))
        if len(self._intents) > 1:
            self._weights = _fit(np.stack([m.get(VECTOR) for m in examples]), intents, self._config["C"])
        with self._storage.write_to(self._resource) as folder:
            np.savez(folder / WEIGHTS, weights=self._weights, intents=np.array(self._intents))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking; a message without a vector is a button's payload, which says its intent itself."""
        for message in messages:
            vector = message.get(VECTOR)
            if vector is not None:
                self._classify(message, vector)
        return messages

    def _classify(self, message: Message, vector: NDArray[np.float32]) -> None:
        scores = self._weights[:, :-1] @ vector + self._weights[:, -1]
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        order = np.argsort(-chances)[:5]
        ranking = [{"name": self._intents[i], "confidence": float(chances[i])} for i in order]
        best = ranking[0]
        if best["name"] != ASK and float(best["confidence"]) < _needed(message.get(TEXT, "")):
            best = {"name": ASK, "confidence": 1 - float(best["confidence"])}
        message.set(INTENT, best, add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)


def _needed(text: str) -> float:
    """How sure it must be that this is small talk. Links and digits make a text more likely a story or spam."""
    return SURE_LONG if len(re.sub(r"\s+", " ", text)) > LONG else SURE_SHORT


def _importance(intents: list[str]) -> list[float]:
    """Rare intents count more, but not as much as all questions together: "my passport is lost" is no forgery."""
    counts = Counter(intents)
    usual = len(intents) / len(counts)
    return [float((usual / counts[intent]) ** RARE) for intent in intents]


def _fit(vectors: NDArray[np.float32], intents: list[str], strength: float) -> NDArray[np.float32]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=300)
    model.fit(vectors, intents, sample_weight=_importance(intents))
    weights = np.hstack([model.coef_, model.intercept_[:, None]])
    return weights.astype(np.float32)
