"""The texts of entries for translators, through Babel itself."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract, extract_from_dir

from knowledge import words
from knowledge.errors import KnowledgeError
from knowledge.load import load, texts
from tests.knowledge.samples import ENTRY_YML

METHOD = "knowledge.extract:extract_entries"
ROOT = Path(__file__).resolve().parents[2]


def test_contexts_lines_and_what_must_stay() -> None:
    found = {
        context: (line, text, notes) for line, text, notes, context in extract(METHOD, BytesIO(ENTRY_YML.encode()))
    }
    assert found["passport_kept.steps.0"] == (11, "Make a copy.", [])
    line, text, notes = found["passport_kept.answer"]
    assert (line, text) == (7, "Call {emergency}.\n{hotline:labour}")
    assert notes == ["Keep as it is: {emergency} {hotline:labour}"]
    assert set(found) == {
        *("passport_kept.title", "passport_kept.answer", "passport_kept.sms", "passport_kept.steps.0"),
        *("passport_kept.variants.0.answer", "passport_kept.variants.0.sms"),
    }


def test_every_text_that_is_looked_up_is_extracted() -> None:
    """An answer asks for (context, text) as `texts` names them: a difference would leave it untranslated for ever."""
    rows = extract_from_dir(ROOT / "knowledge" / "entries", [("**.yml", METHOD)])
    extracted = {(context, text) for _, _, text, _, context in rows}
    entries = load(ROOT / "knowledge", ROOT / "locales").entries.values()
    assert extracted == {(f"{entry.id}.{field}", text) for entry in entries for field, text in texts(entry)}


def test_a_broken_entry_is_named() -> None:
    with pytest.raises(KnowledgeError, match="line 2"):
        list(extract(METHOD, BytesIO(b"id: x_y\ntitle:\n")))


def test_the_fixed_words_are_extracted_with_their_lines() -> None:
    path = ROOT / "knowledge" / "words.py"
    with path.open("rb") as file:
        rows = list(extract("knowledge.extract:extract_words", file))
    assert [text for _, text, _, _ in rows] == list(words.ALL)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(text in lines[line - 1] and context is None for line, text, _, context in rows)
    assert next(notes for _, text, notes, _ in rows if text == words.SOURCE) == ["Keep as it is: {sources} {date}"]
