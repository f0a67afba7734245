"""Texts in a person's language: catalogue lookup and fallback chain (Babel). Imports `bot.model` and `bot.settings`.

Languages are the folders of `locales/`, each with a `language.yml` (name, direction, script, fallback …) and
`LC_MESSAGES/<domain>.po`, read as they are: `.po` files carry what compiled ones lose, namely what is fuzzy (its source
changed) and what only a machine has drafted (the translator's comment `machine draft`).
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.model.errors import SetupError
from bot.settings import ROOT, Settings

DRAFT_COMMENT = "machine draft"
UNICODE_SCRIPTS: Mapping[str, str] = {
    "Latn": "LATIN",
    "Arab": "ARABIC",
    "Deva": "DEVANAGARI",
    "Beng": "BENGALI",
    "Ethi": "ETHIOPIC",
    "Cyrl": "CYRILLIC",
    "Guru": "GURMUKHI",
    "Taml": "TAMIL",
    "Sinh": "SINHALA",
    "Mymr": "MYANMAR",
    "Khmr": "KHMER",
    "Thai": "THAI",
}
"""The script of a language file (ISO 15924) as Unicode begins the names of its letters."""


@dataclass(frozen=True)
class Language:
    """One folder of `locales/`. `commands` maps a `Command` value to the words people type for it."""

    tag: str
    name: str  # in English
    native: str  # as its speakers write it
    direction: str = "ltr"
    script: str = "Latn"
    fallback: tuple[str, ...] = ("en",)
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Said:
    """A text as found: in which language it came out, and whether a reader must be told that it is a draft or stale."""

    text: str
    language: str
    draft: bool = False
    stale: bool = False


@dataclass(frozen=True)
class _Unit:
    text: str
    draft: bool
    fuzzy: bool


class Locales:
    """All languages and catalogues below one folder. Reading is lazy, per language and domain.

    `drafts` and `stale` are "serve" or "hide"; in `kept` catalogues are kept in a form that is read fast.
    """

    def __init__(
        self,
        folder: Path,
        fallback: str = "en",
        drafts: str = "serve",
        stale: str = "hide",
        kept: Path | None = None,
    ) -> None:
        self._folder = folder
        self._stale = stale
        self._kept = kept
        self._fallback = fallback
        self._drafts = drafts
        self._catalogues: dict[tuple[str, str], dict[tuple[str | None, str], _Unit]] = {}

    @cached_property
    def languages(self) -> Mapping[str, Language]:
        """Every language by tag. Raises `SetupError` for a broken `language.yml`."""
        return {path.parent.name: _language(path) for path in sorted(self._folder.glob("*/language.yml"))}

    def chain(self, tag: str) -> Iterable[str]:
        """The tags to try, best first, without repeats."""
        known = self.languages.get(tag)
        return dict.fromkeys([tag, *(known.fallback if known else ()), self._fallback, "en"])

    def say(self, source: str, tag: str, domain: str = "bot", context: str | None = None) -> Said:
        """`source` (English, or the entry's own language) in `tag`, or in the next language of its chain."""
        for candidate in self.chain(tag):
            if candidate == "en":
                break
            unit = self._catalogue(candidate, domain).get((context, source))
            if unit and unit.text and self._served(unit):
                return Said(unit.text, candidate, unit.draft, unit.fuzzy)
        return Said(source, "en")

    def _served(self, unit: _Unit) -> bool:
        return (self._drafts == "serve" or not unit.draft) and (self._stale == "serve" or not unit.fuzzy)

    def compile(self, tag: str, domain: str) -> int:
        """Read a catalogue, keeping it in its fast form; how many texts it has. Raises `SetupError` if malformed."""
        return len(self._catalogue(tag, domain))

    def _catalogue(self, tag: str, domain: str) -> "_Units":
        key = (tag, domain)
        if key not in self._catalogues:
            path = self._folder / tag / "LC_MESSAGES" / f"{domain}.po"
            self._catalogues[key] = self._units(path) if path.exists() else {}
        return self._catalogues[key]

    def _units(self, path: Path) -> "_Units":
        """A catalogue of a thousand texts takes a quarter of a second to parse, so what was parsed is kept."""
        if self._kept is None:
            return _parsed(path)
        body = path.read_bytes()
        kept = self._kept / f"{path.parts[-3]}-{path.stem}-{hashlib.sha256(body).hexdigest()[:16]}.json"
        try:
            rows = json.loads(kept.read_text(encoding="utf-8"))
            return {(context, source): _Unit(*unit) for context, source, *unit in rows}
        except (OSError, ValueError, TypeError):
            units = _parsed(path)
            _keep(kept, units)
            return units


_Units = dict[tuple[str | None, str], _Unit]


def _keep(path: Path, units: _Units) -> None:
    rows = [[context, source, *astuple(unit)] for (context, source), unit in units.items()]
    with contextlib.suppress(OSError):  # it is only faster
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob(f"{path.stem.rpartition('-')[0]}-*.json"):
            old.unlink(missing_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        draft.replace(path)


def _parsed(path: Path) -> _Units:
    try:
        with path.open("rb") as file:
            catalogue: Catalog = read_po(file, abort_invalid=True)
    except ValueError as bad:
        message = f"Mend {path}: {bad}."
        raise SetupError(message) from bad
    return {
        (message.context, str(message.id)): _Unit(
            str(message.string), DRAFT_COMMENT in message.user_comments, message.fuzzy
        )
        for message in catalogue
        if message.id and message.string
    }


def _language(path: Path) -> Language:
    try:
        raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        commands = {name: tuple(words) for name, words in raw.get("commands", {}).items()}
        fallback = tuple(raw.get("fallback", ["en"]))
        plain = {key: raw[key] for key in ("name", "native", "direction", "script") if key in raw}
        return Language(tag=path.parent.name, commands=commands, fallback=fallback, **plain)
    except (yaml.YAMLError, TypeError, AttributeError) as bad:
        message = f"Mend {path}: {bad}."
        raise SetupError(message) from bad


def from_settings(settings: Settings) -> Locales:
    """The languages of this checkout, served as the settings say."""
    kept = settings.data_path / "cache" / "catalogues"
    return Locales(ROOT / "locales", settings.fallback_language, settings.drafts, settings.stale, kept)
