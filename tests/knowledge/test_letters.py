"""Letters of many scripts brought to one rough form, and how alike texts are in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.latin import romanise
from knowledge.lexical import Lexical, bones, grams


@pytest.mark.parametrize(
    ("written", "rough"),
    [
        ("मेरो पासपोर्ट", "mero pasaport"),
        ("আমার বেতন", "amar betan"),
        ("мне не платят", "mne ne platyat"),
        ("صاحب العمل", "sahb alaml"),
        ("ደሞዝ", "damoze"),
        ("¿Cuánto, señor?!", "cuanto senor"),
        ("Sallaaary  NOT\tpaid", "salary not paid"),
        ("12 महिना १२", "12 mahina 12"),
        ("", ""),
        ("🙂 \u202e\ud800", ""),
    ],
)
def test_romanise(written: str, rough: str) -> None:
    assert romanise(written) == rough


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=50))
def test_any_text_has_letters(text: str) -> None:
    once = romanise(text)
    assert "\ue000" not in once or "\ue000" in text
    assert len(grams(text)) >= bool(once)


def test_spellings_meet_in_their_consonants() -> None:
    assert bones("rakheko") == bones("raakeko") == bones("rakhekoo")
    assert bones("passport") == bones(romanise("पासपोर्ट"))


LINES = ["my boss keeps my passport", "मालिकले पासपोर्ट राखेको छ", "no salary for months", "is it going to rain"]


def test_misspelt_and_romanised_lines_are_found() -> None:
    index = Lexical(LINES)
    for asked, row in (("bos kep my pasport", 0), ("malikle passport rakheko chha", 1), ("salry nt payd mnths", 2)):
        assert int(np.argmax(index.similar(asked))) == row
    assert index.similar(LINES[0])[0] == pytest.approx(1, abs=1e-5)


def test_nothing_alike() -> None:
    assert not Lexical(LINES).similar("漢字").any()
    assert not Lexical(LINES).similar("").any()
    assert Lexical([]).similar("anything").shape == (0,)
    assert not Lexical([""]).similar("").any()


def test_a_later_index_takes_apart_new_lines_only_and_agrees_with_a_fresh_one() -> None:
    first = Lexical(LINES)
    later, fresh = Lexical([*LINES[1:], "a new line about rain"], first), Lexical([*LINES[1:], "a new line about rain"])
    for text in ("rain", "passport rakheko", "zzz new"):
        assert np.allclose(later.similar(text), fresh.similar(text))
    assert np.allclose(first.similar("new rain"), Lexical(LINES).similar("new rain"))  # the old one still serves


def test_a_very_long_text_costs_no_more_than_its_two_ends() -> None:
    assert grams("x" * 300 + " passport " * 100_000 + " y" * 50) == grams("x" * 300 + " " + " y" * 50)
