"""What a curator should mend, found by machine: each check with its reason and with examples of good and bad. PURE.

Imports `knowledge` only. The count of SMS segments is handed in, as the channels own it. A check says what is wrong
with one subject in a sentence for whoever wrote it, or nothing; `tests/contracts/test_entries.py` runs all of them over
every real entry, translation and service, and every check over its own examples.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from knowledge import placeholders
from knowledge.load import texts
from knowledge.model import Entry, Knowledge, Service

MOST_WORDS = 120
MOST_SEGMENTS = 3
USUAL_FILL = "Help line: 800 000 000"
"""What a placeholder is taken to become when the length of an SMS is counted."""


@dataclass(frozen=True)
class Text:
    """One text in one language. `source` is what it translates, or empty where it is itself the source."""

    where: str
    text: str
    language: str = "en"
    source: str = ""

    @property
    def field(self) -> str:
        """The last word of where it stands: answer, sms, title, or the number of a step."""
        return self.where.rpartition(".")[2]


@dataclass(frozen=True)
class Setting:
    """What checks need to know beside their subject."""

    today: date
    segments: Callable[[str], int]


Subject = Text | Entry | Service


@dataclass(frozen=True)
class Check:
    """`find` gives a sentence for a bad subject and None for a good one. `must`: mend it before it is published."""

    id: str
    description: str
    find: Callable[[Subject, Setting], str | None]
    must: bool = True


@dataclass(frozen=True)
class Finding:
    """Something to mend: `check` found it at `where`."""

    check: str
    where: str
    sentence: str
    must: bool = True


def placeholders_kept(subject: Subject, _: Setting) -> str | None:
    """A number that is lost in a translation is lost for its readers."""
    if not isinstance(subject, Text):
        return None
    if (brace := placeholders.stray(subject.text)) is not None:
        return f"a brace is no placeholder: {brace!r}."
    if not subject.source:
        return None
    wanted = Counter(map(str, placeholders.find(subject.source)))
    found = Counter(map(str, placeholders.find(subject.text)))
    if wanted == found:
        return None
    lost, added = " ".join((wanted - found).elements()), " ".join((found - wanted).elements())
    return " ".join(part for part in (lost and f"lost: {lost}.", added and f"added: {added}.") if part)


def sms_fits(subject: Subject, setting: Setting) -> str | None:
    """Every part of an SMS costs somebody money, and later parts arrive late or never."""
    if not isinstance(subject, Text) or subject.field != "sms":
        return None
    count = setting.segments(placeholders.fill(subject.text, lambda _: USUAL_FILL))
    return f"it takes {count} SMS segments; {MOST_SEGMENTS} are allowed." if count > MOST_SEGMENTS else None


def short_enough(subject: Subject, _: Setting) -> str | None:
    """People read on a small screen, under stress."""
    if not isinstance(subject, Text) or subject.field != "answer":
        return None
    count = len(placeholders.PATTERN.sub("", subject.text).split())
    return f"it has {count} words; {MOST_WORDS} are allowed." if count > MOST_WORDS else None


PHONE_LIKE = re.compile(r"(?<![\w.,])\+?\d(?:[\s().-]?\d){5,}(?![\w])")
EMERGENCY_LIKE = re.compile(r"(?<![\w.,:/-])(?:110|112|113|119|911|99[0-9])(?![\w.,:/-]?\d)(?!\w)")


def no_number_typed(subject: Subject, _: Setting) -> str | None:
    """A number typed into a text is not checked, not dialled from where the person is, and translated wrongly."""
    if not isinstance(subject, Text):
        return None
    plain = placeholders.PATTERN.sub("", subject.text)
    found = PHONE_LIKE.search(plain) or EMERGENCY_LIKE.search(plain)
    return f"{found[0]!r} looks like a phone number: use a placeholder." if found else None


AVOIDED: Mapping[str, Mapping[str, str]] = {
    "en": {
        r"\billegals?\b(?! recruit)": "irregular, undocumented, without papers",
        r"\bclandestine": "irregular",
        r"\baliens?\b": "person, foreigner",
        r"\b(maids?|servants?|houseboys?)\b": "domestic worker",
        r"\b(abscond|runaway|ran away)": "left the job",
        r"\b(you will get|guaranteed|we promise)\b": "can ask, may be able to",
        r"\brescued?\b": "get help, get out safely",
    },
    "fr": {
        r"\bill[ée]gaux\b|\bimmigr\w+ ill[ée]ga\w+|\bmigrant\w* ill[ée]ga\w+": "sans papiers, en situation irrégulière",
        r"\bclandestin": "sans papiers, en situation irrégulière",
        r"\b(bonnes? à tout faire|(?:une?|les|des|la) domestiques?)\b": "travailleuse domestique",
        r"\b(garantie?s?|vous obtiendrez)\b": "vous pouvez demander",
    },
    "ar": {
        r"(?:مهاجر\w*|عامل|عمال\w*|شخص|أشخاص|هجرة|الهجرة) (?:ال)?غير (?:ال)?(?:شرعي|قانوني)": "غير نظامي",
        r"\b(?:ال)?(?:خادمة|خدامة|خادمات)\b": "عاملة منزلية",
        r"\b(?:هروب|هارب|هاربة)\b": "ترك العمل",
    },
    "ne": {
        r"(?:गैरकानुनी|अवैध) (?:आप्रवासी|कामदार|मानिस|व्यक्ति)": "कागजपत्र नभएका",
        r"नोकर्नी|नोकर\b": "घरेलु कामदार",
    },
}
"""Per language: what is not said of people, and what is said instead (PICUM's words, ILO C189)."""


def kind_words(subject: Subject, _: Setting) -> str | None:
    """Words that make a crime of a person, belittle, or promise what nobody can."""
    if not isinstance(subject, Text):
        return None
    for pattern, better in AVOIDED.get(subject.language, {}).items():
        if found := re.search(pattern, subject.text, re.IGNORECASE):
            return f"{found[0]!r} is not said here; say: {better}."
    return None


def safety_first(subject: Subject, _: Setting) -> str | None:
    """Who may be in danger is told the emergency number first, and a help line, in the SMS too."""
    if not isinstance(subject, Entry) or subject.risk != "high":
        return None
    told = [(subject.answer, subject.sms), *((variant.answer, variant.sms) for variant in subject.variants)]
    for answer, sms in told:
        verbs = {placeholder.verb for placeholder in placeholders.find(answer)}
        if "emergency" not in verbs:
            return "risk is high, but the answer has no {emergency}."
        if not verbs & placeholders.WITH_NAME:
            return "risk is high, but the answer names no help line ({hotline:…})."
        if not placeholders.find(sms):
            return "risk is high, but the SMS has neither {emergency} nor a help line."
    return None


def source_can_be_opened(subject: Subject, _: Setting) -> str | None:
    """People must be able to look for themselves; copies and news sites are evidence for editors only."""
    if not isinstance(subject, Entry) or any(source.public for source in subject.sources):
        return None
    return "none of its sources is public."


def reviewed_in_time(subject: Subject, setting: Setting) -> str | None:
    """A fact that nobody has looked at for too long is no longer a fact."""
    if isinstance(subject, Text) or subject.review_by >= setting.today:
        return None
    return f"it was due to be checked again by {subject.review_by.isoformat()}."


NOTES = frozenset({source_can_be_opened, reviewed_in_time})
"""What can't always be mended at once: people are told, by a missing link or a request to check."""
CHECKS = tuple(
    Check(find.__name__, (find.__doc__ or "").strip(), find, find not in NOTES)
    for find in (
        placeholders_kept,
        sms_fits,
        short_enough,
        no_number_typed,
        kind_words,
        safety_first,
        source_can_be_opened,
        reviewed_in_time,
    )
)


def subjects(knowledge: Knowledge, translations: Iterable[Text] = ()) -> Iterable[tuple[str, Subject]]:
    """Everything that is checked, with where it stands."""
    for entry in knowledge.entries.values():
        yield entry.id, entry
        for field, text in texts(entry):
            yield f"{entry.id}.{field}", Text(f"{entry.id}.{field}", text, entry.language)
    for service in knowledge.services.values():
        yield f"{service.country}.{service.id}", service
    for translation in translations:
        yield f"{translation.language}: {translation.where}", translation


def lint(knowledge: Knowledge, translations: Iterable[Text], setting: Setting) -> list[Finding]:
    """Everything there is to mend."""
    return [
        Finding(check.id, where, sentence, check.must)
        for where, subject in subjects(knowledge, translations)
        for check in CHECKS
        if (sentence := check.find(subject, setting)) is not None
    ]
