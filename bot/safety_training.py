"""Training the classifier of danger, beside the assistant's model. Imports the encoder, `safety` and `knowledge`."""

from pathlib import Path

import yaml

from bot.dialogue.encoder import Encoder
from bot.dialogue.vectors import VectorCache
from bot.safety import classifier
from bot.safety.detect import Detector
from bot.settings import ROOT, read
from knowledge.load import load

DANGEROUS = frozenset(
    {
        "asylum",
        "children",
        "detention",
        "emergency",
        "gender_violence",
        "mental_health",
        "sea_distress",
        "smuggling",
        "stranded_crisis",
        "trafficking",
    }
)
"""Topics among whose questions are cries for help."""


def train_danger(path: Path) -> None:
    """Fit and store. Not calm: what the phrases take for danger, and the ways of asking of high-risk entries
    on topics where people cry for help: a kept passport alone is asked about calmly."""
    encoder = Encoder()
    cache = VectorCache(read().data_path / "cache", encoder.name, encoder.encode_many)
    phrases = Detector(None)
    knowledge = load(ROOT / "knowledge", ROOT / "locales")
    risky = {entry.id for entry in knowledge.entries.values() if entry.risk == "high" and entry.topic in DANGEROUS}
    asked = [question.text for question in knowledge.questions if question.entry not in risky]
    asked += [negative.text for negative in knowledge.negatives if negative.topic not in DANGEROUS]
    asked += small_talk(ROOT / "bot" / "dialogue" / "training" / "nlu")
    calm = [text for text in asked if phrases.detect(text, None) is None]
    classifier.train(cache.vectors, ROOT / "locales", calm).save(path)


def small_talk(folder: Path) -> list[str]:
    """What people say beside questions: greetings, thanks, abuse. Rasa's own format of training data."""
    files = [yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) for path in folder.glob("*.yml")]
    listed = [line for file in files for intent in file["nlu"] for line in intent["examples"].splitlines()]
    return [line.removeprefix("- ").strip() for line in listed if line.startswith("- ")]
