"""Danger is seen in every language, a question about it is none, and a broken part is never silence."""

from pathlib import Path

import pytest

from bot.dialogue.encoder import Encoder
from bot.model.errors import SetupError
from bot.safety.classifier import Classifier
from bot.safety.danger import HELP_LINES
from bot.safety.detect import Detector

DETECTOR = Detector(None)
CRIES = {
    "held": [
        "he locked me in the house",
        "mon patron m'a enfermée dans la chambre",
        "me tienen encerrada",
        "حابسيني بالبيت وما بخلوني اطلع",
        "मुझे कमरे में बंद कर रखा है",
        "আমাকে আটকে রেখেছে",
        "मलाई कोठामा थुनेको छ",
        "ikinulong ako ng amo ko",
        "saya dikurung majikan",
        "amenifungia ndani",
        "ቆልፈውብኛል መውጣት አልችልም",
        "меня заперли в доме",
    ],
    "violence": [
        "madam beats me every day",
        "il me frappe",
        "mi patrón me pega",
        "يضربني كل يوم",
        "mujhe marta hai malik",
        "আমাকে মারে",
        "साहुले मलाई कुट्छ",
        "sinasaktan ako ng amo",
        "saya dipukul majikan",
        "ananipiga kila siku",
        "አሠሪዬ ይደበድበኛል",
        "он меня бьёт",
    ],
    "suicide": ["I want to die", "je veux mourir", "quiero morirme", "أريد أن أموت", "আমি মরে যেতে চাই", "хочу умереть"],
    "sea": ["our boat is sinking", "notre bateau coule", "عم نغرق"],
    "child_alone": ["my son is missing", "mi hija está perdida", "छोरा हरायो"],
}
CALM = [
    "what is human trafficking",
    "my cousin wrote her thesis on it",
    "I lost my passport on the bus",
    "what are the signs of trafficking",
    "quels sont les signes de la traite",
    "my boss took my passport",
    "my phone battery is dying",
    "how do I send money home",
    "какие документы нужны для работы",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in CRIES.items() for text in texts])
def test_a_cry_is_seen_whatever_the_language(kind: str, text: str) -> None:
    alarm = DETECTOR.detect(text, None)
    assert alarm is not None
    assert alarm.kind == kind


@pytest.mark.parametrize("text", CALM)
def test_what_is_only_about_it_is_no_alarm(text: str) -> None:
    assert DETECTOR.detect(text, None) is None


def test_a_thought_over_several_messages_is_seen_together() -> None:
    assert DETECTOR.detect("me in the house", None, ["he locked"]) is not None
    assert DETECTOR.detect("ok", None, ["he locked me in"]) is None


def test_no_rules_at_all_is_an_error_and_not_silence(tmp_path: Path) -> None:
    for content in ("", "kinds: {}\nnot_when: []\n", "kinds: {held: ['(']}\nnot_when: []\n"):
        broken = tmp_path / "phrases.yml"
        broken.write_text(content, encoding="utf-8")
        with pytest.raises(SetupError, match="Danger can't be seen"):
            Detector(None, broken)


def test_every_kind_has_its_help() -> None:
    assert set(DETECTOR._kinds) <= set(HELP_LINES)


@pytest.mark.parametrize("text", ["", "\ud800", "a" * 100_000, "((((" * 1000, "he locked " * 5000])
def test_no_text_breaks_or_delays_it(text: str) -> None:
    DETECTOR.detect(text, None, [text, text])


def test_the_classifier_sees_what_no_phrase_says_and_is_calm_about_the_rest(trained: Path) -> None:
    classifier = Classifier.load(trained.parent / "danger.npz")
    assert classifier is not None
    encoder = Encoder()
    detector = Detector(classifier, languages={"en", "fr", "hi", "ru"})
    for text, language in (
        ("every night he comes drunk and slaps me", "en"),
        ("je veux disparaître, la vie n'a plus de sens", "fr"),
        ("उसने मेरा गला दबाया", "hi"),
        ("он угрожает мне ножом", "ru"),
    ):
        assert DETECTOR.detect(text, None) is None
        assert detector.detect(text, encoder.encode(text), (), language) is not None
    for text in CALM:
        assert detector.detect(text, encoder.encode(text), (), "en") is None


def test_a_classifier_that_cannot_be_read_leaves_the_phrases(tmp_path: Path) -> None:
    (tmp_path / "danger.npz").write_bytes(b"broken")
    assert Classifier.load(tmp_path / "danger.npz") is None
    assert DETECTOR.detect("he locked me in the house", None) is not None
