"""Countries in a text, by name, people, city or short form, in every launch language. PURE after construction.

Names are CLDR's, through Babel, and those of `data/places.yml`. Endings and prefixes that languages glue to a name are
taken off; where they or a word beside it tell whether somebody is from there or there, that is its role.
Imports `bot.model` and Babel only. One pass over the words: the cost grows with the length of the text and no faster.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import regex  # type: ignore[import-untyped]
import yaml
from babel import Locale

from bot.model.understanding import Place

LANGUAGES = ("en", "fr", "es", "ar", "hi", "bn", "ne", "fil", "id", "sw", "am", "ru", "pt", "ur", "fa", "tr")
DATA = Path(__file__).with_name("data") / "places.yml"
NO_COUNTRY = frozenset({"ZZ", "EU", "UN", "QO", "EZ", "XA", "XB"})
MOST_WORDS = 4
MOST_CHARACTERS = 2_000
WORD = regex.compile(r"[\p{L}\p{M}\p{N}\u200c\u200d]+(?:['’.][\p{L}\p{M}\p{N}]+)*")


@dataclass(frozen=True)
class _Words:
    """`data/places.yml`, folded."""

    names: Mapping[str, str]
    doubtful: frozenset[str]
    beside: Mapping[str, frozenset[str]]  # from, to, after_from, after_to, articles
    suffixes: Mapping[str, str]
    prefixes: Mapping[str, str]
    endings: tuple[str, ...]


class Places:
    """The dictionary of names; building it takes some 100 ms, looking a text up some 50 µs."""

    def __init__(self, languages: Iterable[str] = LANGUAGES) -> None:
        self._words = _words(tuple(languages))

    def find(self, text: str) -> tuple[Place, ...]:
        """The countries of a text in order, each with its role as far as it is told."""
        words = [(match[0], match.start(), match.end()) for match in WORD.finditer(text[:MOST_CHARACTERS])]
        found: list[Place] = []
        at = 0
        while at < len(words):
            place, used = self._at(words, at)
            if place and place.country not in {other.country for other in found if other.role == place.role}:
                found.append(place)
            at += used
        return tuple(found)

    def _at(self, words: list[tuple[str, int, int]], at: int) -> tuple[Place | None, int]:
        for count in range(min(MOST_WORDS, len(words) - at), 0, -1):
            part = words[at : at + count]
            country, role = self._look_up(" ".join(word for word, _, _ in part))
            if country:
                role = role or self._role(words, at, count)
                if self._believable(part[0][0], role):
                    return Place(country, role, part[0][1], part[-1][2]), count
        return None, 1

    def _look_up(self, written: str) -> tuple[str | None, str]:
        """The country of a name, with the role that an ending or a prefix tells."""
        key = fold(written)
        if key in self._words.names:
            return self._words.names[key], ""
        for bare, role in _stripped(key, self._words):
            if bare in self._words.names:
                return self._words.names[bare], role
        return None, ""

    def _role(self, words: list[tuple[str, int, int]], at: int, count: int) -> str:
        """What the word before a name says, or in Hindi, Bengali and Nepali the word after it."""
        beside = self._words.beside
        before = [fold(word) for word, _, _ in words[max(0, at - 2) : at]]
        after = fold(words[at + count][0]) if at + count < len(words) else ""
        if len(before) == 2 and before[1] in beside["articles"]:
            before = before[:1]
        last = before[-1] if before else ""
        if last in beside["from"] or after in beside["after_from"]:
            return "origin"
        return "destination" if last in beside["to"] or after in beside["after_to"] else ""

    def _believable(self, written: str, role: str) -> bool:
        return fold(written) not in self._words.doubtful or bool(role) or written[:1].isupper()


def fold(name: str) -> str:
    """A name without case, Latin accents and Arabic spelling variants."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = "".join(c for c in plain if not (unicodedata.combining(c) and c < "\u0900"))
    kept = unicodedata.normalize("NFC", kept).translate(_ARABIC)
    return " ".join(kept.replace("’", "'").replace("-", " ").replace(".", "").split())


_ARABIC = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "ى": "ي", "ئ": "ي", "ـ": ""})


def _stripped(key: str, words: _Words) -> Iterable[tuple[str, str]]:
    for suffix, role in words.suffixes.items():
        if key.endswith(suffix) and len(key) - len(suffix) >= 2:
            yield key[: -len(suffix)], role
    for prefix, role in words.prefixes.items():
        if key.startswith(prefix) and len(key) - len(prefix) >= 2:
            bare = key[len(prefix) :]
            yield bare, role
            yield f"ال{bare}", role
            yield from ((bare[: -len(suffix)], role) for suffix in words.suffixes if bare.endswith(suffix))
    if "а" <= key[:1] <= "я":
        yield _stem(key, words.endings), ""


def _stem(key: str, endings: tuple[str, ...]) -> str:
    ending = next((e for e in endings if key.endswith(e) and len(key) - len(e) >= 3), "")
    return "~" + (key[: -len(ending)] if ending else key)


@cache
def _words(languages: tuple[str, ...]) -> _Words:
    raw: dict[str, Any] = yaml.load(DATA.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    endings = tuple(raw["cyrillic_endings"])
    beside = ("from", "to", "after_from", "after_to", "articles")
    return _Words(
        names=_names(languages, raw, endings),
        doubtful=frozenset(fold(word) for word in raw["doubtful"]),
        beside={key: frozenset(fold(str(word)) for word in raw[key]) for key in beside},
        suffixes={fold(key): role for key, role in raw["suffixes"].items()},
        prefixes={fold(key): role for key, role in raw["prefixes"].items()},
        endings=endings,
    )


def _names(languages: tuple[str, ...], raw: Mapping[str, Any], endings: tuple[str, ...]) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for language in languages:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY:
                names.setdefault(fold(str(name)), code)
    for kind in ("peoples", "names"):
        for code, listed in raw[kind].items():
            names.update({fold(str(name)): code for name in listed})
    names = {key: code for key, code in names.items() if len(key) > 2 or key in {"hk", "uk", "us"}}
    return names | {_stem(key, endings): code for key, code in names.items() if "а" <= key[:1] <= "я"}
