"""Words that Safar does not use, in every language: `knowledge/glossary.yml`. Imports `knowledge` only."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from knowledge import reading
from knowledge.checks.base import Setting, Subject, Text, check

GLOSSARY = Path(__file__).parents[1] / "glossary.yml"
KINDS = ("avoid", "promises")
Patterns = Mapping[str, tuple[tuple[re.Pattern[str], str], ...]]
"""By language: what is not said, and what is said instead."""


@cache
def glossary(kind: str, path: Path = GLOSSARY) -> Patterns:
    """The patterns of one kind. Raises `KnowledgeError` for a file that can't be read."""
    languages = reading.read(path).mapping(["languages"])["languages"].block()
    return {language: _patterns(node.block().get(kind)) for language, node in languages.items()}


def _patterns(node: reading.Node | None) -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = [child.mapping(["word", "say"]) for child in node.children()] if node else []
    return tuple((_pattern(row["word"]), row["say"].text()) for row in rows)


def _pattern(node: reading.Node) -> re.Pattern[str]:
    try:
        return re.compile(node.text(), re.IGNORECASE)
    except re.error as bad:
        raise node.fail(f"{node.text()!r} is no pattern: {bad}.") from bad


def _found(subject: Subject, kind: str) -> tuple[str, str] | None:
    if not isinstance(subject, Text):
        return None
    for pattern, better in glossary(kind).get(subject.language, ()):
        if found := pattern.search(subject.text):
            return found[0], better
    return None


@check(
    good=(
        Text("x.answer", "People without papers, domestic workers, who left the job, can ask."),
        Text("x.answer", "Les personnes sans papiers, le travail domestique.", "fr"),
        Text("x.answer", "المهاجرون في وضع غير نظامي والعاملة المنزلية", "ar"),
        Text("x.answer", "Pagar un rescate", "es"),
    ),
    bad=(
        Text("x.answer", "Illegals may stay."),
        Text("x.answer", "A housemaid or maid who absconded"),
        Text("x.answer", "les migrants clandestins", "fr"),
        Text("x.answer", "los migrantes ilegales", "es"),
        Text("x.answer", "المهاجرين غير الشرعيين", "ar"),
        Text("x.answer", "अवैध प्रवासी", "hi"),
        Text("x.answer", "অবৈধ শ্রমিক", "bn"),
        Text("x.answer", "अवैध कामदार", "ne"),
        Text("x.answer", "iligal na migrante", "fil"),
        Text("x.answer", "imigran gelap", "id"),
        Text("x.answer", "wahamiaji haramu", "sw"),
        Text("x.answer", "ሕገ ወጥ ስደተኞች", "am"),
        Text("x.answer", "нелегалы и прислуга", "ru"),
    ),
)
def kind_words(subject: Subject, _: Setting) -> str | None:
    """Words that make a crime of a person, or belittle."""
    found = _found(subject, "avoid")
    return f"{found[0]!r} is not said here; say: {found[1]}." if found else None


@check(
    good=(
        Text("x.answer", "You can ask for your pay."),
        Text("x.answer", "Nous ne pouvons rien garantir.", "fr"),
    ),
    bad=(
        Text("x.answer", "You will get your money."),
        Text("x.answer", "Vous obtiendrez votre argent.", "fr"),
        Text("x.answer", "Usted recibirá su dinero sin falta: se lo garantizamos.", "es"),
        Text("x.answer", "نضمن لك حقك", "ar"),
        Text("x.answer", "Гарантируем результат", "ru"),
    ),
)
def nothing_promised(subject: Subject, _: Setting) -> str | None:
    """Nobody can promise money, a visa or a bed; who was promised something trusts nobody afterwards."""
    found = _found(subject, "promises")
    return f"{found[0]!r} promises; say: {found[1]}." if found else None
