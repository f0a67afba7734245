"""`safar knowledge`: what should be mended, and how far the knowledge base is. Imports `knowledge` and the settings."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

import typer
from babel.messages.catalog import Catalog
from rich.console import Console
from rich.table import Table

from bot import catalogues
from bot.channels.sms.encoding import normalise, segments
from bot.commands.prepare import checked_knowledge
from bot.dialogue.encoder import Encoder
from bot.dialogue.vectors import VectorCache
from bot.i18n import UNICODE_SCRIPTS, Locales
from bot.settings import ROOT, read
from knowledge.checks.base import Asked, Setting, Text
from knowledge.confusion import asked
from knowledge.lint import CHECKS, Finding, lint
from knowledge.load import texts
from knowledge.model import Entry, Knowledge, Service

STATES = ("reviewed", "drafted", "stale", "missing")


def setting(locales: Locales, today: date) -> Setting:
    """What the checks need to know of the languages that there are."""
    spoken = locales.languages.items()
    scripts = {tag: UNICODE_SCRIPTS[language.script] for tag, language in spoken if language.script in UNICODE_SCRIPTS}
    rtl = frozenset(tag for tag, language in spoken if language.direction == "rtl")
    return Setting(today, lambda text: segments(normalise(text)).count, scripts, rtl)


def translations(locales: Locales) -> Iterator[Text]:
    """Every translation of the knowledge base."""
    for tag, catalogue in _catalogues(locales):
        for message in catalogue:
            if message.id and message.string and not message.fuzzy:
                yield Text(str(message.context), str(message.string), tag, str(message.id))


def _catalogues(locales: Locales) -> Iterator[tuple[str, Catalog]]:
    for tag in locales.languages:
        path = ROOT / "locales" / tag / "LC_MESSAGES" / "knowledge.po"
        if path.exists():
            yield tag, catalogues.read(path)


def findings(knowledge: Knowledge, ways: Iterable[Asked], today: date) -> list[Finding]:
    """Everything there is to mend in the checkout."""
    locales = Locales(ROOT / "locales")
    return lint(knowledge, translations(locales), setting(locales, today), ways)


def run_lint(explain: bool, notes: bool) -> None:
    """Print what there is to mend; exit with 1 if anything must be."""
    if explain:
        Console().print(_explained())
        return
    knowledge = checked_knowledge()
    encoder = Encoder()
    cache = VectorCache(read().data_path / "cache", encoder.name, encoder.encode_many)
    found = findings(knowledge, asked(knowledge, cache.vectors), date.today())  # noqa: DTZ011
    console = Console(soft_wrap=True)
    for one in found:
        if one.must or notes:
            console.print(f"{'mend' if one.must else 'note'}  {one.where}: {one.sentence} ({one.check})", markup=False)
    must = sum(one.must for one in found)
    console.print(f"{must} to mend, {len(found) - must} notes.")
    if must:
        raise typer.Exit(1)


def _explained() -> Table:
    table = Table("check", "why", "an example that it finds", show_lines=True)
    for check in CHECKS:
        table.add_row(check.id, " ".join(check.description.split()), str(check.bad[0]))
    return table


def status() -> None:
    """How far the knowledge base is: entries by language, services by country."""
    knowledge, locales = checked_knowledge(), Locales(ROOT / "locales")
    console = Console()
    console.print(_languages(knowledge, locales))
    console.print(_entries(knowledge, locales))
    console.print(_services(knowledge.services.values(), date.today()))  # noqa: DTZ011


def states(entry: Entry, catalogue: Catalog | None) -> str:
    """The least finished state of an entry's texts in a language, without its corridor variants."""
    found = {_state(catalogue, f"{entry.id}.{field}", text) for field, text in texts(entry) if "variants." not in field}
    return next(state for state in reversed(STATES) if state in found)


def _state(catalogue: Catalog | None, context: str, text: str) -> str:
    return catalogues.state(catalogue.get(text, context) if catalogue is not None else None)


def _languages(knowledge: Knowledge, locales: Locales) -> Table:
    table = Table("language", "ways of asking", *STATES, title="Entries by language (general text; variants apart)")
    asked_in = Counter(question.language for question in knowledge.questions)
    there = dict(_catalogues(locales))
    for tag in locales.languages:
        if tag == "en":
            table.add_row(tag, str(asked_in[tag]), "(source)", "", "", "")
            continue
        counts = Counter(states(entry, there.get(tag)) for entry in knowledge.entries.values())
        table.add_row(tag, str(asked_in[tag]), *(str(counts[state]) for state in STATES))
    return table


def _entries(knowledge: Knowledge, locales: Locales) -> Table:
    there = dict(_catalogues(locales))
    tags = [tag for tag in locales.languages if tag != "en"]
    table = Table("entry", "risk", "variants", *tags, title="R reviewed, D drafted, S stale, - missing")
    signs = dict(zip(STATES, "RDS-", strict=True))
    for entry in knowledge.entries.values():
        cells = (signs[states(entry, there.get(tag))] for tag in tags)
        table.add_row(entry.id, entry.risk, str(len(entry.variants)), *cells)
    return table


def _services(services: Iterable[Service], today: date) -> Table:
    table = Table("country", "services", "with phone", "oldest check, days", "overdue", title="Services by country")
    by_country: dict[str, list[Service]] = {}
    for service in services:
        by_country.setdefault(service.country, []).append(service)
    for country, found in sorted(by_country.items()):
        oldest = max((today - service.checked_on).days for service in found)
        overdue = sum(service.review_by < today for service in found)
        table.add_row(country, *map(str, (len(found), sum(bool(one.phone) for one in found), oldest, overdue)))
    return table
