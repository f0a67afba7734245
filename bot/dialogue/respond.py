"""What the assistant answers, from what was understood and what is published. Imports `model`, `i18n`, `phrases`,
`knowledge`. No Rasa and no I/O but its ports: the actions hand in a `Context` and get a `Move` back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from bot.dialogue.naming import Naming
from bot.i18n import Locales
from bot.model.messages import Button, Decision, Reply
from bot.model.understanding import FloatVector, Place
from bot.phrases import Phrases
from knowledge import answer as answers
from knowledge.answer import Answer, Person, Translated
from knowledge.directory import Directory
from knowledge.model import Entry, Knowledge
from knowledge.search import Candidate, Search

MOST_CHOICES = 3
MOST_RELATED = 2
OFF_TOPIC_CHOICE = 0.45
"""What seems to be about something else needs more before anything is offered for it."""
FEW_LETTERS = 16
"""Letters beside a country's name up to which a message is only about the country: "and in …?", "what about …"."""


class Shelf(Protocol):
    """What is published at this moment."""

    @property
    def knowledge(self) -> Knowledge: ...

    @property
    def search(self) -> Search: ...

    @property
    def directory(self) -> Directory: ...


class Notes(Protocol):
    """Where wishes and opinions of people are stored; asking twice makes one case, an opinion counts once a message."""

    async def person_wanted(self, conversation_id: str, language: str) -> str | None:
        """Bring in a person; the moment, as people read it, from which somebody is there (None: now)."""
        ...

    async def useful(self, conversation_id: str, message_id: str, entry: str | None, is_useful: bool) -> None: ...


@dataclass(frozen=True)
class Context:
    """One message, as far as an answer depends on it. `chosen` is what a button carried."""

    conversation_id: str
    message_id: str
    text: str
    language: str
    guessed: str
    vector: FloatVector
    intent: str
    places: tuple[Place, ...] = ()
    origin: str | None = None
    destination: str | None = None
    entry: str | None = None
    failures: int = 0
    chosen: str | None = None


@dataclass(frozen=True)
class Move:
    """What is said, and what is remembered of it."""

    replies: tuple[Reply, ...]
    slots: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which an entry is the answer, or one of the choices."""

    answer: float
    choice: float


class Responder:
    """One method an action."""

    def __init__(self, shelf: Shelf, locales: Locales, phrases: Phrases, notes: Notes, thresholds: Thresholds) -> None:
        self._shelf = shelf
        self._locales = locales
        self._phrases = phrases
        self._notes = notes
        self._thresholds = thresholds
        self._naming = Naming(locales)

    async def answer(self, context: Context) -> Move:
        """A question in free text."""
        context = located(context)
        if context.entry and _only_a_country(context):
            return await self.country(context)
        ranked = self._shelf.search.rank(context.text, context.vector, context.language).candidates
        return self._decide(context, ranked)

    def _decide(self, context: Context, ranked: Sequence[Candidate]) -> Move:
        best = ranked[0].probability if ranked else 0.0
        if best >= self._thresholds.answer:
            return self._tell(context, ranked[0].entry, ranked)
        needed = OFF_TOPIC_CHOICE if context.intent == "off_topic" else self._thresholds.choice
        close = [candidate for candidate in ranked[:MOST_CHOICES] if candidate.probability >= needed]
        if close:
            return self._offer(context, close, ranked)
        name = "utter_off_topic" if context.intent == "off_topic" else "utter_no_answer"
        reply = self._phrases.reply(name, context.language)
        failures = context.failures + (name == "utter_no_answer")
        meta = {**reply.meta, "probability": round(best, 4), "choices": []}
        if name == "utter_no_answer":
            meta["failures"] = failures
        return Move((replace(reply, meta=meta),), {**_place_slots(context), "failures": failures})

    def told(self, entry_id: str, language: str, origin: str | None, destination: str | None) -> Reply | None:
        """An entry as somebody with this language and corridor is told it, without questions back."""
        entry = self._shelf.knowledge.entries.get(entry_id)
        if entry is None:
            return None
        spoken = self._locales.languages.get(language)
        rtl = spoken is not None and spoken.direction == "rtl"
        person = Person(language, origin, destination, date.today(), rtl)  # noqa: DTZ011
        told = answers.compose(entry, self._shelf.directory, person, self._translate(language))
        return Reply(told.text, told.language, told.sms, meta={"entry": told.entry, "topic": told.topic})

    async def choose(self, context: Context) -> Move:
        """An entry that was offered."""
        if context.chosen in self._shelf.knowledge.entries:
            return self._tell(context, str(context.chosen), ())
        return Move((self._phrases.reply("utter_no_answer", context.language),))

    async def person(self, context: Context) -> Move:
        """A person is wanted."""
        waits_until = await self._notes.person_wanted(context.conversation_id, context.language)
        if waits_until is None:
            return Move((self._phrases.reply("utter_person_requested", context.language),), {"failures": 0})
        values = {"time": waits_until, "emergency": self._phrases.text("utter_emergency_number", context.language)}
        return Move((self._phrases.reply("utter_person_later", context.language, values),), {"failures": 0})

    async def country(self, context: Context) -> Move:
        """A country was named or chosen: the last answer again for it, or a note of it."""
        if context.chosen:
            place = Place(context.chosen, "destination", 0, 0)
            context = replace(context, places=(place,), text="")
        context = located(context)
        if not context.places:
            return self._decide(context, self._shelf.search.rank(context.text, context.vector).candidates)
        if not _only_a_country(context):
            ranked = self._shelf.search.rank(context.text, context.vector, context.language).candidates
            if ranked and ranked[0].probability >= self._thresholds.answer:
                return self._tell(context, ranked[0].entry, ranked)
        if context.entry in self._shelf.knowledge.entries:
            return self._tell(context, str(context.entry), ())
        values = {"country": answers.country_name(context.places[0].country, context.language)}
        return Move((self._phrases.reply("utter_country_set", context.language, values),), _place_slots(context))

    async def language(self, context: Context) -> Move:
        """Another language was chosen, or asked for by its name."""
        tag = context.chosen or self._naming.language(context.text)
        if tag in self._locales.languages:
            return Move((self._phrases.reply("utter_language_changed", str(tag)),), {"language": tag})
        return Move((self._phrases.reply("utter_ask_language", context.language),))

    async def useful(self, context: Context, is_useful: bool) -> Move:
        """What somebody says of the last answer."""
        await self._notes.useful(context.conversation_id, context.message_id, context.entry, is_useful)
        name = "utter_feedback_yes" if is_useful else "utter_feedback_no"
        failures = 0 if is_useful else context.failures + 1
        reply = self._phrases.reply(name, context.language)
        meta = reply.meta if is_useful else {**reply.meta, "failures": failures}
        return Move((replace(reply, meta=meta),), {"failures": failures})

    async def follow_up(self, context: Context) -> Move:
        """More is wanted: what belongs to the last answer."""
        entry = self._shelf.knowledge.entries.get(context.entry or "")
        if entry is None or not entry.related:
            return Move((self._phrases.reply("utter_no_follow_up", context.language),))
        reply = self._phrases.reply("utter_choices", context.language)
        buttons = tuple(self._entry_button(name, context.language) for name in entry.related[:MOST_CHOICES])
        return Move((replace(reply, buttons=(*buttons, *reply.buttons), meta={"decision": Decision.CHOICES}),))

    def _tell(self, context: Context, entry_id: str, ranked: Sequence[Candidate]) -> Move:
        entry = self._shelf.knowledge.entries[entry_id]
        told = answers.compose(entry, self._shelf.directory, self._person(context), self._translate(context.language))
        meta = {
            "decision": Decision.ANSWER,
            "entry": told.entry,
            "topic": told.topic,
            "probability": round(ranked[0].probability, 4) if ranked else 1.0,
            "choices": _choices(ranked),
            "draft": told.draft,
        }
        text = self._with_notes(told, context)
        reply = Reply(text, told.language, told.sms, self._buttons(entry, context), meta=meta)
        return Move((reply,), {**_place_slots(context), "entry": entry_id, "failures": 0})

    def _with_notes(self, told: Answer, context: Context) -> str:
        """The answer between a word on its language, if it is another than the person's, and two questions back."""
        parts = [told.text, self._phrases.text("utter_useful", context.language)]
        if told.by_country and told.variant is None and not context.destination:
            parts.insert(1, self._phrases.text("utter_which_country", context.language))
        if told.language != context.language and context.language in self._locales.languages:
            values = {"language": self._naming.name_of(told.language, context.language)}
            parts.insert(0, self._phrases.text("utter_fallback_note", context.language, values))
        return "\n\n".join(parts)

    def _buttons(self, entry: Entry, context: Context) -> tuple[Button, ...]:
        useful = self._phrases.reply("utter_useful", context.language).buttons
        related = tuple(self._entry_button(name, context.language) for name in entry.related[:MOST_RELATED])
        countries: tuple[Button, ...] = ()
        if entry.variants and not context.destination:
            codes = dict.fromkeys(code for variant in entry.variants for code in variant.destinations[:1])
            names = ((answers.country_name(code, context.language), code) for code in codes)
            countries = tuple(Button(name, f"country:{code}") for name, code in list(names)[:MOST_CHOICES])
        return (*countries, *useful, *related)

    def _offer(self, context: Context, close: Sequence[Candidate], ranked: Sequence[Candidate]) -> Move:
        reply = self._phrases.reply("utter_choices", context.language)
        buttons = tuple(self._entry_button(candidate.entry, context.language) for candidate in close)
        meta = {
            "decision": Decision.CHOICES,
            "entry": close[0].entry,
            "topic": close[0].topic,
            "probability": round(close[0].probability, 4),
            "choices": _choices(ranked),
        }
        offered = replace(reply, buttons=(*buttons, *reply.buttons), meta=meta)
        return Move((offered,), {**_place_slots(context), "failures": 0})

    def _entry_button(self, entry_id: str, language: str) -> Button:
        entry = self._shelf.knowledge.entries[entry_id]
        title = self._translate(language)(entry.title, f"{entry_id}.title").text
        return Button(title, f"entry:{entry_id}")

    def _person(self, context: Context) -> Person:
        spoken = self._locales.languages.get(context.language)
        rtl = spoken is not None and spoken.direction == "rtl"
        return Person(context.language, context.origin, context.destination, date.today(), rtl)  # noqa: DTZ011

    def _translate(self, language: str) -> answers.Translate:
        def translate(source: str, name: str | None) -> Translated:
            said = self._locales.say(source, language, "knowledge" if name else "bot", name)
            return Translated(said.text, said.language, said.draft, said.stale)

        return translate


def located(context: Context) -> Context:
    """The context with the countries that its message names: where from, and otherwise where to."""
    origin, destination = context.origin, context.destination
    for place in context.places:
        if place.role == "origin":
            origin = place.country
        else:
            destination = place.country
    return replace(context, origin=origin, destination=destination)


def _place_slots(context: Context) -> dict[str, object]:
    return {"origin": context.origin, "destination": context.destination}


def _only_a_country(context: Context) -> bool:
    """Is there little more in the message than a country's name?"""
    if not context.places:
        return False
    rest = context.text
    for place in sorted(context.places, key=lambda place: -place.start):
        rest = rest[: place.start] + rest[place.end :]
    return sum(map(str.isalpha, rest)) <= FEW_LETTERS


def _choices(ranked: Sequence[Candidate]) -> list[dict[str, object]]:
    return [
        {"entry": candidate.entry, "topic": candidate.topic, "probability": round(candidate.probability, 4)}
        for candidate in ranked[:MOST_CHOICES]
    ]
