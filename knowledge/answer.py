"""An entry as it is told to one person: corridor, language, numbers, source and date. PURE; imports `knowledge` only.

Nothing is composed that staff did not publish: texts are taken word for word, placeholders are filled from the
directory, and where there is no checked number an honest line stands instead of a hole.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date

from knowledge import directory as directories
from knowledge import placeholders, words
from knowledge.directory import Directory
from knowledge.model import Entry, Service, Source, Variant
from knowledge.placeholders import Placeholder

ISOLATE, END_ISOLATE, MARK = "\u2066", "\u2069", "\u200e"
"""Around a number in text from right to left. Old telephones show an empty box for the first two, so SMS has marks."""
JOINED_NUMBER = re.compile(r"\d[\d.,:]*(?:[ /()–-]+\d[\d.,:]*)+")
"""A number of several parts, as in hours: from right to left it is shown in the wrong order unless it is set apart."""
CLDR = {"tl": "fil"}


@dataclass(frozen=True)
class Translated:
    """A text in the language it was found in; `stale`: its source has changed since it was translated."""

    text: str
    language: str
    draft: bool = False
    stale: bool = False


Translate = Callable[[str, str | None], Translated]
"""From a source text and its context (None for fixed words) to the person's language."""


@dataclass(frozen=True)
class Answer:
    """An entry, told. `language` is what it came out in; `draft` when any part is a machine's draft."""

    entry: str
    topic: str
    title: str
    text: str
    sms: str
    language: str
    draft: bool
    by_country: bool  # the answer differs by corridor
    variant: int | None


@dataclass(frozen=True)
class Person:
    """What the answer depends on. `language` is a tag of `locales/`, with `rtl` its direction."""

    language: str
    origin: str | None
    destination: str | None
    today: date
    rtl: bool = False


def choose(entry: Entry, origin: str | None, destination: str | None) -> int | None:
    """The number of the most specific variant that fits a corridor, or None for the general text."""
    fitting = [
        (bool(variant.destinations) + bool(variant.origins), -number)
        for number, variant in enumerate(entry.variants)
        if _fits(variant.origins, origin) and _fits(variant.destinations, destination)
    ]
    return -max(fitting)[1] if fitting else None


def _fits(countries: tuple[str, ...], country: str | None) -> bool:
    return not countries or country in countries


def country_name(country: str, language: str) -> str:
    """The name of a country in a language (CLDR), or its code."""
    return str(_locale(language).territories.get(country, country))


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(CLDR.get(language, language).replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def compose(entry: Entry, directory: Directory, person: Person, translate: Translate) -> Answer:
    """The entry for this person."""
    return _Composer(entry, directory, person, translate).answer()


class _Composer:
    def __init__(self, entry: Entry, directory: Directory, person: Person, translate: Translate) -> None:
        self._entry = entry
        self._directory = directory
        self._person = person
        self._translate = translate
        self._number = self._understood(choose(entry, person.origin, person.destination))
        self._variant: Variant | None = None if self._number is None else entry.variants[self._number]
        self._drafts = self._stale = False
        self._languages: list[str] = []

    def _understood(self, number: int | None) -> int | None:
        """The variant, unless only the general text can be read in the person's language: better that than English."""
        if number is None:
            return None
        variant = self._translate(self._entry.variants[number].answer, f"{self._entry.id}.variants.{number}.answer")
        general = self._translate(self._entry.answer, f"{self._entry.id}.answer")
        wanted = self._person.language
        return None if general.language == wanted != variant.language else number

    def answer(self) -> Answer:
        source = self._variant or self._entry
        title = self._say("title", self._entry.title)
        parts = [self._field("answer", source.answer), self._steps(), self._origin_line()]
        sms = self._field("sms", source.sms)
        if self._drafts:
            parts.append(self._word(words.DRAFT))
            sms = f"{sms}\n{self._word(words.DRAFT_SMS)}"
        if self._stale:
            parts.append(self._word(words.STALE))
        language = self._languages[1] if len(self._languages) > 1 else self._person.language
        return Answer(
            entry=self._entry.id,
            topic=self._entry.topic,
            title=title,
            text="\n\n".join(part for part in parts if part),
            sms=sms.replace(ISOLATE, MARK).replace(END_ISOLATE, MARK),
            language=language,
            draft=self._drafts,
            by_country=bool(self._entry.variants),
            variant=self._number,
        )

    def _field(self, field: str, text: str) -> str:
        return placeholders.fill(self._say(self._name(field), text), self._value)

    def _name(self, field: str) -> str:
        return field if self._number is None else f"variants.{self._number}.{field}"

    def _say(self, field: str, text: str) -> str:
        said = self._translate(text, f"{self._entry.id}.{field}")
        self._drafts |= said.draft
        self._stale |= said.stale
        self._languages.append(said.language)
        return said.text

    def _word(self, text: str, **values: str) -> str:
        said = self._translate(text, None).text
        for name, value in values.items():
            said = said.replace("{" + name + "}", value)
        return said

    def _steps(self) -> str:
        own = self._variant is not None and bool(self._variant.steps)
        steps = self._variant.steps if self._variant and own else self._entry.steps
        if not steps:
            return ""
        prefix = f"variants.{self._number}.steps" if own else "steps"
        said = [self._say(f"{prefix}.{number}", step) for number, step in enumerate(steps)]
        lines = [f"{number}. {placeholders.fill(text, self._value)}" for number, text in enumerate(said, 1)]
        return "\n".join([self._word(words.STEPS), *lines])

    def _origin_line(self) -> str:
        """Source and date. Only a public source has its address; where none is public they stand without."""
        variant = self._variant
        checked = (variant.checked_on if variant else None) or self._entry.checked_on
        sources = (variant.sources if variant and variant.sources else None) or self._entry.sources
        day = format_date(checked, "long", locale=_locale(self._person.language))
        public = [_shown(source) for source in sources if source.public] or [source.title for source in sources]
        shown = "; ".join(public)
        lines = [self._word(words.SOURCE, sources=shown, date=day) if shown else self._word(words.CHECKED, date=day)]
        if self._entry.review_by < self._person.today:
            lines.append(self._word(words.PLEASE_CHECK))
        return "\n".join(lines)

    def _value(self, placeholder: Placeholder) -> str:
        match placeholder.verb:
            case "emergency":
                found = self._directory.emergency(self._person.destination)
                return ", ".join(self._line(service) for service in found) or self._word(words.NO_EMERGENCY)
            case "hotline":
                best = self._directory.best(placeholder.name, self._person.destination, self._person.origin)
                return "\n".join(self._line(service) for service in best) or self._word(words.NO_SERVICE)
        service = self._directory.service(placeholder.name)
        if service is None:
            return self._word(words.NO_SERVICE)
        return self._phone(service) if placeholder.verb == "phone" else self._line(service)

    def _line(self, service: Service) -> str:
        notes = [self._label(text) for text in (service.hours, service.leaves_trace) if text]
        if directories.due(service, self._person.today):
            notes.append(self._word(words.CHECK_NUMBER))
        tail = f" ({'; '.join(notes)})" if notes else ""
        ways = [self._phone(service) if service.phone else "", service.website]
        reached = ", ".join(filter(None, ways)) or self._label(service.about)
        return f"{self._label(service.name)}: {reached}{tail}"

    def _label(self, text: str) -> str:
        said = self._translate(text, words.DIRECTORY).text
        return JOINED_NUMBER.sub(f"{ISOLATE}\\g<0>{END_ISOLATE}", said) if self._person.rtl else said

    def _phone(self, service: Service) -> str:
        dialled = directories.dialled(service, self._person.destination)
        number = f"{ISOLATE}{dialled.number}{END_ISOLATE}" if self._person.rtl else dialled.number
        if not dialled.only_inside:
            return number
        country = country_name(dialled.only_inside, self._person.language)
        return f"{number} ({self._word(words.ONLY_INSIDE, country=country)})"


def _shown(source: Source) -> str:
    return f"{source.title} ({source.url})" if source.url else source.title
