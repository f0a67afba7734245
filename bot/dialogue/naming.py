"""Languages by their names, in every language that we speak. PURE; imports `bot.i18n` and Babel."""

from collections.abc import Mapping

from babel import Locale
from babel.core import UnknownLocaleError

from bot.dialogue.places import fold
from bot.i18n import Locales

ALSO = {
    "tagalog": "fil",
    "pilipino": "fil",
    "arabi": "ar",
    "angrezi": "en",
    "ingles": "en",
    "inggris": "en",
    "kiingereza": "en",
    "kiswahili": "sw",
    "bangla": "bn",
    "banglay": "bn",
    "amarinya": "am",
    "espanol": "es",
    "francais": "fr",
    "bahasa": "id",
    "hindi": "hi",
    "अंग्रेजी": "en",
    "ইংরেজি": "en",
    "بالعربي": "ar",
    "بالانجليزي": "en",
    "عربي": "ar",
    "انجليزي": "en",
    "አማርኛ": "am",
    "русски": "ru",
    "русском": "ru",
    "английском": "en",
}


class Naming:
    """Names of languages to tags, and back."""

    def __init__(self, locales: Locales) -> None:
        self._names = {**ALSO, **_names(locales)}

    def language(self, text: str) -> str | None:
        """The tag of the language that a text names, or None. The longest name wins."""
        folded = fold(text)
        found = [name for name in self._names if name in folded]
        return self._names[max(found, key=len)] if found else None

    def name_of(self, tag: str, language: str) -> str:
        """The name of a language, said in another."""
        try:
            return str(Locale.parse(language).languages.get(tag, tag))
        except (UnknownLocaleError, ValueError):
            return tag


def _names(locales: Locales) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for tag, language in locales.languages.items():
        names |= {fold(language.name): tag, fold(language.native): tag}
        for other in locales.languages:
            name = Locale.parse(other).languages.get(tag)
            if name and len(name) > 2:
                names.setdefault(fold(str(name)), tag)
    return names
