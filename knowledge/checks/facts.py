"""Checks on entries and services: safety, sources, dates, phone numbers. PURE; imports `knowledge` only."""

from dataclasses import replace
from datetime import date

import phonenumbers

from knowledge import placeholders
from knowledge.checks.base import ENTRY, SERVICE, SOURCE, Asked, Setting, Subject, Text, check
from knowledge.directory import WORLDWIDE
from knowledge.model import Entry, Service, Source, Variant

SHORTEST_WHOLE = 7
"""From so many digits on a number is taken for a whole one; shorter ones are short codes, listed nowhere as a whole."""
NOT_HELP = frozenset({("SN", "800001015")})
"""Lines that look like help and are not (Senegal's is a police tip line against departures): never to be offered."""
NO_VARIANT = replace(ENTRY, variants=(Variant(answer="Ask.", sms="Ask.", destinations=("SA",)),))


@check(
    good=(ENTRY, replace(ENTRY, risk="low", answer="Compare prices.", sms="Compare.")),
    bad=(
        replace(ENTRY, answer="Advice: {hotline:labour}"),
        replace(ENTRY, answer="Call {emergency}"),
        replace(ENTRY, sms="Ask for help."),
        NO_VARIANT,
    ),
)
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


@check(
    good=(ENTRY, replace(ENTRY, sources=(replace(SOURCE, public=False), SOURCE))),
    bad=(replace(ENTRY, sources=(Source("A copy", "", "2026", public=False),)),),
    must=False,
)
def source_can_be_opened(subject: Subject, _: Setting) -> str | None:
    """People must be able to look for themselves; copies and news sites are evidence for editors only."""
    if not isinstance(subject, Entry) or any(source.public for source in subject.sources):
        return None
    return "none of its sources is public."


@check(
    good=(ENTRY, SERVICE, replace(ENTRY, review_by=date(2026, 12, 1))),
    bad=(replace(ENTRY, review_by=date(2026, 11, 30)), replace(SERVICE, review_by=date(2020, 1, 1))),
    must=False,
)
def reviewed_in_time(subject: Subject, setting: Setting) -> str | None:
    """A fact that nobody has looked at for too long is no longer a fact."""
    if isinstance(subject, Text | Asked) or subject.review_by >= setting.today:
        return None
    return f"it was due to be checked again by {subject.review_by.isoformat()}."


@check(
    good=(
        SERVICE,
        replace(SERVICE, phone="+966 11 200 0000"),
        replace(SERVICE, phone="", website="https://example.org"),
        replace(SERVICE, country="ZZ", phone="+33 4 86 51 71 61"),
    ),
    bad=(
        replace(SERVICE, phone="+966 11 2"),
        replace(SERVICE, country="ZZ", phone="19911"),
        replace(SERVICE, phone="+977 1 5970008 123456"),
    ),
)
def phone_exists(subject: Subject, _: Setting) -> str | None:
    """A number with a digit too many or too few rings nowhere, or at a stranger's."""
    if not isinstance(subject, Service) or not subject.phone:
        return None
    if subject.country == WORLDWIDE and not subject.phone.startswith("+"):
        return "a number for the whole world begins with + and the code of its country."
    if sum(map(str.isdigit, subject.phone)) < SHORTEST_WHOLE and not subject.phone.startswith("+"):
        return None
    try:
        parsed = phonenumbers.parse(subject.phone, None if subject.country == WORLDWIDE else subject.country)
    except phonenumbers.NumberParseException:
        return f"{subject.phone!r} is no phone number."
    return None if phonenumbers.is_possible_number(parsed) else f"{subject.phone!r} is too long or too short."


@check(
    good=(SERVICE,),
    bad=(replace(SERVICE, country="SN", phone="800 00 10 15"),),
)
def really_help(subject: Subject, _: Setting) -> str | None:
    """Some lines are there to report people, not to help them."""
    if not isinstance(subject, Service):
        return None
    listed = (subject.country, "".join(filter(str.isdigit, subject.phone))) in NOT_HELP
    return "this line must not be offered as help." if listed else None
