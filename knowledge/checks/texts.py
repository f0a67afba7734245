"""Checks on one text in one language: placeholders, length, script, numbers. PURE; imports `knowledge` only."""

import re
import unicodedata
from collections import Counter

from knowledge import placeholders
from knowledge.checks.base import Setting, Subject, Text, check
from knowledge.readability import grade

MOST_WORDS, MOST_SEGMENTS, HIGHEST_GRADE = 120, 3, 8.0
USUAL_FILL = "Help line: 800 000 000"
"""What a placeholder is taken to become when the length of an SMS is counted."""
FEW_LETTERS = 10
"""Up to so many letters a text may be all names and abbreviations."""
DIRECTORY = "directory"
"""Where the names of services stand: proper names keep their script."""


@check(
    good=(
        Text("x.answer", "Appelez {emergency} ou {hotline:labour}", "fr", "Call {hotline:labour} or {emergency}"),
        Text("x.answer", "Call {emergency}"),
    ),
    bad=(
        Text("x.answer", "Appelez", "fr", "Call {emergency}"),
        Text("x.answer", "Appelez {emergency} {emergency}", "fr", "Call {emergency}"),
        Text("x.answer", "Appelez {urgence}", "fr", "Call {emergency}"),
        Text("x.answer", "Appelez {emergency", "fr", "Call {emergency"),
        Text("x.title", "A brace }"),
    ),
)
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


@check(
    good=(Text("x.sms", "a" * 459), Text("x.answer", "a" * 900)),
    bad=(Text("x.sms", "a" * 460), Text("x.variants.0.sms", "a" * 440 + "{hotline:labour}")),
)
def sms_fits(subject: Subject, setting: Setting) -> str | None:
    """Every part of an SMS costs somebody money, and later parts arrive late or never."""
    if not isinstance(subject, Text) or subject.field != "sms":
        return None
    count = setting.segments(placeholders.fill(subject.text, lambda _: USUAL_FILL))
    return f"it takes {count} SMS segments; {MOST_SEGMENTS} are allowed." if count > MOST_SEGMENTS else None


@check(
    good=(Text("x.answer", "word " * 120 + "{hotline:labour}"), Text("x.title", "word " * 130)),
    bad=(Text("x.answer", "word " * 121), Text("x.variants.2.answer", "word " * 121)),
)
def short_enough(subject: Subject, _: Setting) -> str | None:
    """People read on a small screen, under stress. Only sources are counted: languages part words in other ways."""
    if not isinstance(subject, Text) or subject.field != "answer" or subject.source:
        return None
    count = len(placeholders.PATTERN.sub("", subject.text).split())
    return f"it has {count} words; {MOST_WORDS} are allowed." if count > MOST_WORDS else None


@check(
    good=(
        Text("x.answer", "Ask for the paper. Keep a copy. You can call {hotline:labour}."),
        Text("x.answer", "Il convient de solliciter préalablement l'administration compétente.", "fr"),
    ),
    bad=(
        Text(
            "x.answer",
            "Applicants experiencing contractual irregularities should immediately solicit representation from the "
            "competent administrative authority.",
        ),
    ),
)
def easy_to_read(subject: Subject, _: Setting) -> str | None:
    """Most readers had few years of school, and not in English: grade 8 at most, for answers in English."""
    if not isinstance(subject, Text) or subject.language != "en" or subject.field != "answer":
        return None
    found = grade(placeholders.PATTERN.sub(".", subject.text))
    return f"its reading grade is {found:.1f}; {HIGHEST_GRADE:.0f} is allowed." if found > HIGHEST_GRADE else None


PHONE_LIKE = re.compile(r"(?<![\w.,])\+?\d(?:[\s().-]?\d){5,}(?![\w])")
EMERGENCY_LIKE = re.compile(r"(?<![\w.,:/-])(?:110|112|113|119|911|99[0-9])(?![\w.,:/-]?\d)(?!\w)")


@check(
    good=(
        Text("x.answer", "Call {phone:sa_labour}. By 23 November 2026, about 1,500 riyals, 24 hours, article 9."),
        Text("x.answer", "See ILO C189 and the rule of 2011."),
    ),
    bad=(
        Text("x.answer", "Call +966 11 200 0000"),
        Text("x.sms", "اتصل 800-247-1234", "ar"),
        Text("x.sms", "Call 999 now"),
        Text("x.sms", "फोन ०१४४४४४४४", "ne"),
    ),
)
def no_number_typed(subject: Subject, _: Setting) -> str | None:
    """A number typed into a text is not checked, not dialled from where the person is, and translated wrongly."""
    if not isinstance(subject, Text) or subject.where == DIRECTORY:
        return None
    plain = placeholders.PATTERN.sub("", subject.text)
    found = PHONE_LIKE.search(plain) or EMERGENCY_LIKE.search(plain)
    return f"{found[0]!r} looks like a phone number: use a placeholder." if found else None


@check(
    good=(
        Text("x.title", "मेरो पासपोर्ट साहुसँग छ", "ne", "My employer keeps my passport"),
        Text("x.title", "IOM, UNHCR", "ne", "IOM, UNHCR"),
        Text("x.title", "Mon passeport", "fr", "My passport"),
    ),
    bad=(
        Text("x.title", "My employer keeps my passport", "ne", "My employer keeps my passport"),
        Text("x.title", "My employer keeps my passport", "fr", "My employer keeps my passport"),
        Text("x.title", "मेरो पासपोर्ट साहुसँग छ", "ar", "My employer keeps my passport"),
        Text("x.title", "мой passeport chez le patron", "fr", "My employer keeps my passport"),
    ),
)
def right_script(subject: Subject, setting: Setting) -> str | None:
    """A translation in the wrong file, or one that was never made, is of no use to whoever reads it."""
    script = setting.scripts.get(subject.language, "") if isinstance(subject, Text) else ""
    if not isinstance(subject, Text) or not subject.source or not script or subject.where == DIRECTORY:
        return None
    letters = [char for char in placeholders.PATTERN.sub("", subject.text) if char.isalpha()]
    if len(letters) <= FEW_LETTERS:
        return None
    if subject.text == subject.source:
        return "it is the source, untranslated."
    own = sum(script in unicodedata.name(char, "") for char in letters)
    strange = len(letters) - own if script == "LATIN" else 0
    if own * 2 < len(letters) or strange:
        return f"{len(letters) - own} of its {len(letters)} letters are not {script.title()}."
    return None


JOINED_NUMBER = re.compile(r"(?<![\d\u2066\u200e])\d[\d.,]*(?:[ /()-]+\d[\d.,]*)+")


@check(
    good=(
        Text("x.answer", "القرار \u2066143/2010\u2069 يمنع ذلك", "ar", "Rule 143/2010 forbids it"),
        Text("x.answer", "خلال 14 يوما من سنة 2026", "ar", "Within 14 days of 2026"),
        Text("x.answer", "Rule 143/2010", "fr", "Rule 143/2010"),
    ),
    bad=(
        Text("x.answer", "القرار 143/2010 يمنع ذلك", "ar", "Rule 143/2010 forbids it"),
        Text("x.answer", "اتصل 116 016", "ar", "Call"),
    ),
)
def numbers_isolated(subject: Subject, setting: Setting) -> str | None:
    """In text from right to left a number of several parts is shown in the wrong order, unless it is set apart
    (U+2066 before and U+2069 after it)."""
    if not isinstance(subject, Text) or subject.language not in setting.rtl or subject.where == DIRECTORY:
        return None  # what stands in the directory is set apart when it is shown
    found = JOINED_NUMBER.search(placeholders.PATTERN.sub("", subject.text))
    return f"{found[0]!r} must stand between U+2066 and U+2069." if found else None
