"""What a curator should mend, found by machine: every check, and all that is looked at. PURE; imports `knowledge` only.

The checks lie in `knowledge.checks`, each with its reason and with examples of good and bad. A check says what is wrong
with one subject in a sentence for whoever wrote it, or nothing. `safar knowledge lint` runs them over everything.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from knowledge.checks import facts, finding, texts, wording
from knowledge.checks.base import Asked, Check, Setting, Subject, Text
from knowledge.load import texts as texts_of
from knowledge.model import Knowledge

CHECKS: tuple[Check, ...] = (
    texts.placeholders_kept,
    texts.sms_fits,
    texts.short_enough,
    texts.easy_to_read,
    texts.no_number_typed,
    texts.right_script,
    texts.numbers_isolated,
    wording.kind_words,
    wording.nothing_promised,
    facts.safety_first,
    facts.source_can_be_opened,
    facts.reviewed_in_time,
    facts.phone_exists,
    facts.really_help,
    finding.told_apart,
    finding.can_be_found,
)


@dataclass(frozen=True)
class Finding:
    """Something to mend: `check` found it at `where`."""

    check: str
    where: str
    sentence: str
    must: bool = True


def subjects(
    knowledge: Knowledge, translations: Iterable[Text] = (), asked: Iterable[Asked] = ()
) -> Iterable[tuple[str, Subject]]:
    """Everything that is checked, with where it stands."""
    for entry in knowledge.entries.values():
        yield entry.id, entry
        for field, text in texts_of(entry):
            yield f"{entry.id}.{field}", Text(f"{entry.id}.{field}", text, entry.language)
    for service in knowledge.services.values():
        yield f"{service.country}.{service.id}", service
    for translation in translations:
        yield f"{translation.language}: {translation.where}", translation
    for one in asked:
        yield one.entry, one


def lint(
    knowledge: Knowledge, translations: Iterable[Text], setting: Setting, asked: Iterable[Asked] = ()
) -> list[Finding]:
    """Everything there is to mend."""
    return [
        Finding(check.id, where, sentence, check.must)
        for where, subject in subjects(knowledge, translations, asked)
        for check in CHECKS
        if (sentence := check.find(subject, setting)) is not None
    ]
