"""`safar translations`: from the sources to translators and back. Imports `bot.catalogues`."""

from pathlib import Path

from babel.messages.catalog import Catalog
from rich.console import Console
from rich.table import Table

from bot import catalogues
from bot.i18n import Locales
from bot.model.errors import SetupError
from bot.settings import ROOT, read

LOCALES = ROOT / "locales"


def extract(folder: Path = LOCALES) -> None:
    """Write the templates `<domain>.pot`."""
    for domain in catalogues.SOURCES:
        catalogues.write(folder / f"{domain}.pot", catalogues.template(domain))
    Console().print(f"Templates: {', '.join(f'{domain}.pot' for domain in catalogues.SOURCES)} in {folder.name}/")


def update(tags: list[str], folder: Path = LOCALES) -> None:
    """Bring the catalogues of the languages (all, if none is named) up to the sources."""
    for domain in catalogues.SOURCES:
        new = catalogues.template(domain)
        for tag in _chosen(tags, folder):
            path = _path(folder, tag, domain)
            catalogues.write(path, catalogues.update(_read(path), new, tag))
    status(folder)


def compile_all(folder: Path = LOCALES) -> None:
    """Check every catalogue and keep it in the form that is read fast; the desk does so by itself when it needs one."""
    locales = Locales(folder, kept=read().data_path / "cache" / "catalogues")
    made = sum(locales.compile(tag, domain) for tag in locales.languages for domain in catalogues.SOURCES)
    Console().print(f"Compiled: {made} texts in {len(locales.languages)} languages.")


def status(folder: Path = LOCALES) -> None:
    """A table: how far each language is."""
    table = Table("language", "domain", "reviewed", "drafted", "stale", "missing")
    for domain in catalogues.SOURCES:
        new = catalogues.template(domain)
        for tag in _chosen([], folder):
            found = catalogues.count(new, _read(_path(folder, tag, domain)))
            table.add_row(tag, domain, *map(str, (found.reviewed, found.drafted, found.stale, found.missing)))
    Console().print(table)


def _chosen(tags: list[str], folder: Path) -> list[str]:
    """The languages to work on. Raises `SetupError` for one that has no folder."""
    known = [tag for tag in Locales(folder).languages if tag != "en"]
    if wrong := [tag for tag in tags if tag not in known]:
        message = f"There is no language {wrong[0]!r}: make {folder.name}/{wrong[0]}/language.yml first."
        raise SetupError(message)
    return tags or known


def _path(folder: Path, tag: str, domain: str) -> Path:
    return folder / tag / "LC_MESSAGES" / f"{domain}.po"


def _read(path: Path) -> Catalog | None:
    if not path.exists():
        return None
    try:
        return catalogues.read(path)
    except ValueError as bad:
        message = f"Mend {path.relative_to(path.parents[3])}: {bad}."
        raise SetupError(message) from bad
