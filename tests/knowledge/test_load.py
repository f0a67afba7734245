"""`knowledge.load`, `schema` and `reading`: what is read, and what is said about a file that can't be."""

from pathlib import Path
from time import perf_counter

import pytest

from knowledge.errors import KnowledgeError
from knowledge.load import digest, load, texts
from knowledge.model import Negative, Question
from tests.knowledge.samples import DIRECTORY_YML, ENTRY_YML, ON_CORRIDORS, QUESTIONS_YML, TOPICS_YML, write

ENTRY = "knowledge/entries/passport_confiscation/passport_kept.yml"
TOPICS = "knowledge/topics.yml"
SA = "knowledge/directory/SA.yml"
EN = "locales/en/questions.yml"


def test_everything_is_read(tmp_path: Path) -> None:
    knowledge = load(*write(tmp_path, {}))
    entry = knowledge.entries["passport_kept"]
    assert entry.answer == "Call {emergency}.\n{hotline:labour}"
    assert entry.variants[0].destinations == ("SA", "NO")
    assert knowledge.services["sa_labour"].country == "SA"
    assert knowledge.topics["wages"] == "Wages"
    assert knowledge.negatives == (Negative("", "en", "will it rain"), Negative("wages", "en", "my pay is late"))
    assert Question("passport_kept", "en", "no") in knowledge.questions  # the word, not YAML's false


CASES = {
    "unknown key": (ENTRY, ENTRY_YML + "colour: red\n", 25, "'colour'"),
    "missing key": (ENTRY, ENTRY_YML.replace("owner: centre\n", ""), 1, "owner missing"),
    "wrong type": (ENTRY, ENTRY_YML.replace("steps:\n- Make a copy.", "steps: Make a copy."), 10, "a list is expected"),
    "text is a list": (ENTRY, ENTRY_YML.replace("risk: high", "risk: [high]"), 5, "a text is expected"),
    "unknown risk": (ENTRY, ENTRY_YML.replace("risk: high", "risk: huge"), 5, "'huge' is none of low, medium, high"),
    "unknown stage": (ENTRY, ENTRY_YML.replace("[abroad]", "[abroad, asleep]"), 3, "'asleep'"),
    "unknown topic": (ENTRY, ENTRY_YML.replace("topic: passport_confiscation", "topic: cars"), 2, "no topic 'cars'"),
    "unknown related": (ENTRY, ENTRY_YML.replace("related: []", "related: [wages_late]"), 20, "'wages_late'"),
    "unknown service": (ENTRY, ENTRY_YML.replace("{phone:sa_labour}", "{phone:xy}", 1), 23, "{phone:xy}"),
    "unknown hotline": (ENTRY, ENTRY_YML.replace("{hotline:labour}", "{hotline:moon}"), 7, "{hotline:moon}"),
    "unknown verb": (ENTRY, ENTRY_YML.replace("{hotline:labour}", "{fax:labour}"), 7, "{fax:labour}"),
    "half a placeholder": (ENTRY, ENTRY_YML.replace("- Make a copy.", "- Call {emergency ."), 11, "no placeholder"),
    "bad date": (ENTRY, ENTRY_YML.replace("2027-02-23", "23.2.2027"), 18, "'23.2.2027' is no date"),
    "review before check": (ENTRY, ENTRY_YML.replace("2027-02-23", "2025-02-23"), 18, "later than checked_on"),
    "no address": (ENTRY, ENTRY_YML.replace("https://example.org/convention", "example"), 14, "begins with https://"),
    "country is no code": (ENTRY, ENTRY_YML.replace("[SA, NO]", "[SA, Norway]"), 22, "'Norway' is no country code"),
    "another file name": (ENTRY, ENTRY_YML.replace("id: passport_kept", "id: other_name"), 1, "other_name.yml"),
    "an id with spaces": (ENTRY, ENTRY_YML.replace("id: passport_kept", "id: Passport kept"), 1, "is no id"),
    "empty": (ENTRY, "", 1, "the file is empty"),
    "empty text": (ENTRY, ENTRY_YML.replace("owner: centre", "owner:"), 19, "this text is empty"),
    "key twice": (ENTRY, ENTRY_YML + "owner: me\n", 25, "'owner' is there twice"),
    "tabs": (ENTRY, ENTRY_YML.replace("- Make a copy.", "\t- Make a copy."), 11, "this is no YAML"),
    "not UTF-8": (ENTRY, ENTRY_YML.replace("Make a copy", "Copié").encode("latin-1"), 11, "not UTF-8"),
    "NUL": (ENTRY, ENTRY_YML.replace("centre", "cen\x00tre"), 1, "characters that YAML does not allow"),
    "second document": (TOPICS, TOPICS_YML + "---\na: b\n", 4, "a file holds one"),
    "anchor": (TOPICS, "topics: &a {x: {name: n, scope: s}}\n", 1, "aliases"),
    "bomb": (TOPICS, "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", 1, "aliases"),
    "brackets without end": (TOPICS, "topics: " + "[" * 100_000, 1, "nested too deeply"),
    "dashes without end": (TOPICS, "- " * 50_000, 1, "nested too deeply"),
    "a list for a key": (TOPICS, "? [a, b]\n: c\n", 1, "a key must be a word"),
    "topic without name": (TOPICS, TOPICS_YML.replace("name: Wages, ", ""), 3, "name missing"),
    "service twice": (SA, DIRECTORY_YML + DIRECTORY_YML.partition("\n")[2], 9, "another service 'sa_labour'"),
    "two numbers": (SA, DIRECTORY_YML.replace("'19911'", "999 or 112"), 5, "not one phone number"),
    "file is no country": ("knowledge/directory/Oman.yml", DIRECTORY_YML.replace("sa_", "om_"), 2, "country code"),
    "free maybe": (SA, DIRECTORY_YML + "  free: maybe\n", 9, "'maybe' is none of true, false"),
    "question of nothing": (EN, QUESTIONS_YML.replace("passport_kept", "passport"), 3, "no entry 'passport'"),
    "question twice": (EN, QUESTIONS_YML + "  - My boss has my passport\n", 5, "there twice"),
    "negative of no topic": ("knowledge/negatives.yml", "negatives:\n  cars:\n    en: [x]\n", 3, "'cars'"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_named_with_its_line(case: str, tmp_path: Path) -> None:
    name, content, line, words = CASES[case]
    with pytest.raises(KnowledgeError) as caught:
        load(*write(tmp_path, {name: content}))
    assert (caught.value.path, caught.value.line) == (tmp_path / name, line), str(caught.value)
    assert words in caught.value.sentence
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"topics\.yml, line 1: the file can't be read"):
        load(tmp_path, tmp_path)


def test_a_byte_order_mark_is_no_letter(tmp_path: Path) -> None:
    assert load(*write(tmp_path, {TOPICS: b"\xef\xbb\xbf" + TOPICS_YML.encode()})).topics["wages"] == "Wages"


def test_the_digest_follows_content_only(tmp_path: Path) -> None:
    first = load(*write(tmp_path / "a", {}))
    again = load(*write(tmp_path / "b", {}))
    other = load(*write(tmp_path / "c", {EN: QUESTIONS_YML + "  - where is it\n"}))
    assert first.digest == again.digest != other.digest
    assert digest([], tmp_path) != first.digest


def test_every_text_has_its_name() -> None:
    names = [name for name, _ in texts(ON_CORRIDORS)]
    assert names[:5] == ["title", "answer", "sms", "steps.0", "steps.1"]
    assert names[5:] == [
        *("variants.0.answer", "variants.0.sms", "variants.1.answer", "variants.1.sms"),
        *("variants.2.answer", "variants.2.sms", "variants.2.steps.0"),
    ]


def test_a_hundred_entries_load_at_once(tmp_path: Path) -> None:
    """It is on the way to the first answer. Measured well below 0.3 s; the bound leaves room for a busy machine."""
    many: dict[str, str | bytes] = {}
    for number in range(100):
        text = ENTRY_YML.replace("passport_kept", f"entry_{number}")
        many[f"knowledge/entries/passport_confiscation/entry_{number}.yml"] = text
    lines = "".join(f"  entry_{n}:\n" + "".join(f"  - ask {n} in way {w}\n" for w in range(10)) for n in range(100))
    many |= {f"locales/l{number}/questions.yml": "questions:\n" + lines for number in range(12)}
    folders = write(tmp_path, many)
    start = perf_counter()
    assert len(load(*folders).questions) == 12_002
    assert perf_counter() - start < 1.0
