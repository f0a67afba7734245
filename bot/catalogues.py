"""Catalogues of translations: made from the sources, updated, counted. Imports Babel, `bot.i18n` and the extractors.

Three domains: `bot` (what the desk says), `webchat` (the page), `knowledge` (entries and services). A translation whose
source has changed is kept, marked fuzzy with the old source in a comment, and is not served until somebody has looked.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po, write_po

from bot.i18n import DRAFT_COMMENT
from bot.settings import ROOT

WIDTH = 110
WAS = "was: "
SOURCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "bot": (("domain.yml", "bot.extract:extract_domain"), ("knowledge/words.py", "knowledge.extract:extract_words")),
    "webchat": (("bot/webchat/texts.py", "bot.extract:extract_page"),),
    "console": (("bot/console/texts.py", "bot.extract:extract_console"),),
    "knowledge": (
        ("knowledge/entries/**.yml", "knowledge.extract:extract_entries"),
        ("knowledge/directory/*.yml", "knowledge.extract:extract_services"),
    ),
}
"""By domain: files of the checkout, and the extractor that reads them."""


@dataclass(frozen=True)
class Count:
    """How far a language is with a domain. `drafted`: no person has reviewed it; `stale`: its source has changed."""

    reviewed: int
    drafted: int
    stale: int
    missing: int


def template(domain: str, root: Path = ROOT) -> Catalog:
    """Every text of a domain, untranslated. Raises `KnowledgeError` for a file that can't be read."""
    catalogue = Catalog(project="Safar", domain=domain, fuzzy=False)
    for pattern, method in SOURCES[domain]:
        for name, line, text, comments, context in _extracted(root, pattern, method):
            catalogue.add(text, locations=[(name, line)], auto_comments=comments, context=context)
    return catalogue


def _extracted(root: Path, pattern: str, method: str) -> Iterable[tuple[str, int, str, list[str], str | None]]:
    if "*" not in pattern:
        for line, text, comments, context in extract_from_file(method, root / pattern):
            yield pattern, line, str(text), comments, context
        return
    folder, _, rest = pattern.partition("/*")
    for name, line, text, comments, context in extract_from_dir(root / folder, [(f"*{rest}", method)]):
        yield f"{folder}/{name}", line, str(text), comments, context


def read(path: Path) -> Catalog:
    """A catalogue's file. Raises `ValueError` when it is malformed."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def update(old: Catalog | None, new: Catalog, language: str) -> Catalog:
    """The template with the translations that there are; those of a changed source are fuzzy, of a gone one away."""
    made = Catalog(locale=_known(language), project="Safar", domain=new.domain, fuzzy=False)
    kept = {(message.context, str(message.id)): message for message in old or () if message.id and message.string}
    ids = {(message.context, str(message.id)) for message in new if message.id}
    left = {context: message for (context, text), message in kept.items() if context and (context, text) not in ids}
    for message in new:
        if message.id:
            key = (message.context, str(message.id))
            _add(made, message, kept.get(key), None if key in kept else left.get(message.context))
    return made


def _add(made: Catalog, message: Message, same: Message | None, changed: Message | None) -> None:
    before = same or changed
    made.add(
        message.id,
        string=before.string if before else "",
        locations=message.locations,
        flags={"fuzzy"} if changed or (same and same.fuzzy) else set(),
        auto_comments=message.auto_comments,
        user_comments=_comments(before.user_comments if before else [], changed),
        context=message.context,
    )


def _comments(before: Iterable[str], changed: Message | None) -> list[str]:
    """What stood beside a translation; beside one whose source has changed also that source, for whoever mends it."""
    kept = [comment for comment in before if not (changed and comment.startswith(WAS))]
    return [*kept, WAS + " ".join(str(changed.id).split())] if changed else kept


def _known(language: str) -> str | None:
    """Babel's name of a language, if it knows it: it is only used for the header."""
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(language))
    except (UnknownLocaleError, ValueError):
        return None


def write(path: Path, catalogue: Catalog) -> None:
    """Write a file, in the order of the sources; without line numbers, which would change with every edit above."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, catalogue, width=WIDTH, include_lineno=False)
    path.write_bytes(buffer.getvalue())


def count(new: Catalog, there: Catalog | None) -> Count:
    """Compare what there is with what there should be."""
    kept = {(message.context, str(message.id)): message for message in there or () if message.id}
    states = Counter(state(kept.get((message.context, str(message.id)))) for message in new if message.id)
    return Count(states["reviewed"], states["drafted"], states["stale"], states["missing"])


def state(message: Message | None) -> str:
    """Of a translation: "reviewed", "drafted", "stale" or "missing"."""
    if message is None or not message.string:
        return "missing"
    if message.fuzzy:
        return "stale"
    return "drafted" if DRAFT_COMMENT in message.user_comments else "reviewed"
