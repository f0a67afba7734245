"""bot.catalogues and `safar translations`: from the sources to translators and back, nothing lost on the way."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from bot import catalogues
from bot.catalogues import Count, count, read, template, update, write
from bot.commands import translations as command
from bot.i18n import DRAFT_COMMENT, Locales, Said
from bot.model.errors import SetupError

LANGUAGE = "name: Nepali\nnative: नेपाली\nscript: Deva\n"


def made(*rows: tuple[str | None, str]) -> Catalog:
    catalogue = Catalog(domain="knowledge")
    for context, text in rows:
        catalogue.add(text, context=context)
    return catalogue


def translated(catalogue: Catalog, context: str | None, text: str, said: str, comment: str = "") -> None:
    message = catalogue.get(text, context)
    assert message is not None
    message.string = said
    message.user_comments = [comment] if comment else []


@pytest.mark.parametrize(
    ("domain", "context", "text"),
    [
        ("bot", None, "What you can do now:"),
        ("webchat", None, "Leave now"),
        ("knowledge", "passport_kept.title", "My employer keeps my passport"),
        ("knowledge", "directory", "Police, ambulance, fire"),
    ],
)
def test_every_kind_of_source_is_extracted(domain: str, context: str | None, text: str) -> None:
    message = template(domain).get(text, context)
    assert message is not None
    assert message.locations


def test_a_broken_translation_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ne" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "ne" / "language.yml").write_text(LANGUAGE, encoding="utf-8")
    (tmp_path / "ne" / "LC_MESSAGES" / "bot.po").write_bytes(b'msgid "\xff"\nmsgstr "b"\n')
    with pytest.raises(SetupError, match=r"Mend .*bot\.po"):
        command.update([], tmp_path)


def test_a_language_without_a_folder_is_refused() -> None:
    with pytest.raises(SetupError, match="no language 'xx'"):
        command.update(["xx"])


def test_an_update_keeps_adds_and_takes_away() -> None:
    old = made(("e.title", "Kept"), ("e.answer", "Gone"))
    translated(old, "e.title", "Kept", "राखियो", DRAFT_COMMENT)
    translated(old, "e.answer", "Gone", "गयो")
    new = update(old, made(("e.title", "Kept"), ("f.title", "New")), "ne")
    kept, fresh = new.get("Kept", "e.title"), new.get("New", "f.title")
    assert kept is not None
    assert fresh is not None
    assert (kept.string, kept.user_comments, kept.fuzzy) == ("राखियो", [DRAFT_COMMENT], False)
    assert fresh.string == ""
    assert new.get("Gone", "e.answer") is None


def test_a_changed_source_makes_its_translation_fuzzy_and_shows_the_old_one(tmp_path: Path) -> None:
    old = made(("e.title", "Before"))
    translated(old, "e.title", "Before", "पहिले", DRAFT_COMMENT)
    path = tmp_path / "knowledge.po"
    write(path, update(old, made(("e.title", "After")), "ne"))
    message = read(path).get("After", "e.title")
    assert message is not None
    assert (message.string, message.fuzzy) == ("पहिले", True)
    assert message.user_comments == [DRAFT_COMMENT, "was: Before"]
    again = update(read(path), made(("e.title", "After")), "ne").get("After", "e.title")
    assert again is not None
    assert (again.fuzzy, again.user_comments) == (True, [DRAFT_COMMENT, "was: Before"])


def test_what_is_stale_is_served_only_where_the_settings_say_so(tmp_path: Path) -> None:
    (tmp_path / "ne").mkdir()
    (tmp_path / "ne" / "language.yml").write_text(LANGUAGE, encoding="utf-8")
    old = made(("e.title", "Before"))
    translated(old, "e.title", "Before", "पहिले")
    write(tmp_path / "ne" / "LC_MESSAGES" / "knowledge.po", update(old, made(("e.title", "After")), "ne"))
    hidden = Locales(tmp_path).say("After", "ne", "knowledge", "e.title")
    served = Locales(tmp_path, stale="serve").say("After", "ne", "knowledge", "e.title")
    assert hidden == Said("After", "en")
    assert served == Said("पहिले", "ne", draft=False, stale=True)


def test_what_there_is_is_counted() -> None:
    new = made((None, "a"), (None, "b"), (None, "c"), (None, "d"))
    there = made((None, "a"), (None, "b"), (None, "c"))
    translated(there, None, "a", "क")
    translated(there, None, "b", "ख", DRAFT_COMMENT)
    translated(there, None, "c", "ग")
    there.get("c").flags.add("fuzzy")  # type: ignore[union-attr]
    assert count(new, there) == Count(reviewed=1, drafted=1, stale=1, missing=1)
    assert count(new, None) == Count(0, 0, 0, 4)


def test_what_is_kept_for_speed_says_the_same_and_follows_its_file(tmp_path: Path) -> None:
    (tmp_path / "ne").mkdir()
    (tmp_path / "ne" / "language.yml").write_text(LANGUAGE, encoding="utf-8")
    path, kept = tmp_path / "ne" / "LC_MESSAGES" / "bot.po", tmp_path / "kept"
    old = made((None, "a"), ("c", "a"))
    translated(old, None, "a", "क", DRAFT_COMMENT)
    translated(old, "c", "a", "ख")
    write(path, old)
    for _ in range(2):
        locales = Locales(tmp_path, kept=kept)
        assert locales.say("a", "ne") == Said("क", "ne", draft=True)
        assert locales.say("a", "ne", context="c") == Said("ख", "ne")
        assert len(list(kept.iterdir())) == 1
    translated(old, None, "a", "नयाँ")
    write(path, old)
    assert Locales(tmp_path, kept=kept).say("a", "ne") == Said("नयाँ", "ne")
    (spoilt,) = kept.iterdir()
    spoilt.write_text("[[", encoding="utf-8")
    assert Locales(tmp_path, kept=kept).say("a", "ne") == Said("नयाँ", "ne")


def test_the_commands_write_templates_and_catalogues(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ne").mkdir()
    (tmp_path / "ne" / "language.yml").write_text(LANGUAGE, encoding="utf-8")
    command.extract(tmp_path)
    command.update(["ne"], tmp_path)
    made_files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.po*")}
    assert made_files == {
        *(f"{domain}.pot" for domain in catalogues.SOURCES),
        *(f"ne/LC_MESSAGES/{domain}.po" for domain in catalogues.SOURCES),
    }
    shown = capsys.readouterr().out
    missing = sum(1 for message in template("webchat") if message.id)
    assert any("webchat" in line and f" {missing} " in line for line in shown.splitlines())
