"""Is somebody in danger? Phrases in every language, and a classifier on vectors; either is enough. PURE after loading.

A classifier that can't be loaded leaves the phrases, a message without a vector too; no phrases at all is an error at
start, never silence. A question *about* danger is no alarm. Imports `bot.model` and the folding of texts only.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.model.errors import SetupError
from bot.model.understanding import Alarm, FloatVector
from bot.safety.classifier import THRESHOLD, THRESHOLD_ELSEWHERE, Classifier

PHRASES = Path(__file__).with_name("phrases.yml")
SURE, LIKELY = 0.97, 0.9
MOST_CHARACTERS = 1_500


class Detector:
    """Sees danger in a message, or in it together with the last few."""

    def __init__(self, classifier: Classifier | None, phrases: Path = PHRASES, languages: Collection[str] = ()) -> None:
        self._classifier = classifier
        self._languages = languages
        self._kinds, self._not_when = _compile(phrases)

    def detect(
        self, text: str, vector: FloatVector | None, recent: Sequence[str] = (), language: str | None = None
    ) -> Alarm | None:
        """The alarm, or None."""
        folded = fold(text)
        about = any(pattern.search(folded) for pattern in self._not_when)
        by_phrase = None if about else self._phrase(folded)
        guess = None if about or vector is None else self._guess(vector, language)
        if by_phrase:
            return Alarm(by_phrase, SURE if guess else LIKELY, "both" if guess else "phrase")
        if guess:
            return Alarm(guess[0], guess[1], "classifier")
        return self._together(text, recent)

    def _guess(self, vector: FloatVector, language: str | None) -> tuple[str, float] | None:
        if self._classifier is None:
            return None
        known = language is None or language in self._languages
        return self._classifier.guess(vector, THRESHOLD if known else THRESHOLD_ELSEWHERE)

    def _together(self, text: str, recent: Sequence[str]) -> Alarm | None:
        """People write one thought over several messages: "he locked" / "me in"."""
        if not recent or len(text) > 40:
            return None
        joined = fold(" ".join([*recent[-2:], text]))
        earlier = {self._phrase(fold(line)) for line in recent[-2:]}
        kind = self._phrase(joined)
        return Alarm(kind, LIKELY, "phrase") if kind and kind not in earlier else None

    def _phrase(self, folded: str) -> str | None:
        return next((kind for kind, pattern in self._kinds.items() if pattern.search(folded)), None)


def fold(text: str) -> str:
    """Small letters, no Latin accents, no vowel marks of Arabic, no punctuation, single spaces."""
    plain = unicodedata.normalize("NFKD", text[:MOST_CHARACTERS].casefold())
    kept = "".join(c for c in plain if not (unicodedata.combining(c) and (c < "\u0600" or "\u064b" <= c <= "\u065f")))
    kept = unicodedata.normalize("NFC", kept).translate(_SAME)
    spaced = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in kept)
    return " ".join(spaced.split())


_SAME = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ـ": None, "ß": "s", "ё": "е"})


def _compile(path: Path) -> tuple[Mapping[str, re.Pattern[str]], list[re.Pattern[str]]]:
    try:
        raw: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        kinds = {kind: re.compile("|".join(_normal(line) for line in lines)) for kind, lines in raw["kinds"].items()}
        not_when = [re.compile(_normal(line)) for line in raw["not_when"]]
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, re.error) as bad:
        message = f"Danger can't be seen: mend {path.name} ({' '.join(str(bad).split())})."
        raise SetupError(message) from bad
    if not kinds or not all(pattern.pattern for pattern in kinds.values()):
        message = f"Danger can't be seen: {path.name} has no phrases."
        raise SetupError(message)
    return kinds, not_when


def _normal(pattern: str) -> str:
    """A pattern in the spelling that `fold` gives to texts."""
    plain = unicodedata.normalize("NFKD", pattern)
    kept = "".join(c for c in plain if not (unicodedata.combining(c) and (c < "\u0600" or "\u064b" <= c <= "\u065f")))
    return unicodedata.normalize("NFC", kept).translate(_SAME)
