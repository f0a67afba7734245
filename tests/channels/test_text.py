"""bot.channels.text: where texts are cut, and what counts as the same word."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.text import cut, fold, split, utf16


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(st.text(max_size=300), st.integers(min_value=2, max_value=60))
def test_nothing_but_white_space_is_lost_and_no_piece_is_too_long(text: str, limit: int) -> None:
    pieces = split(text, limit)
    assert squeezed("".join(pieces)) == squeezed(text)
    assert all(piece == piece.strip() and 0 < utf16(piece) <= limit for piece in pieces)


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("First part.\n\nSecond part is here.", 20, ["First part.", "Second part is here."]),
        ("One sentence. Another one here", 20, ["One sentence.", "Another one here"]),
        ("हम यहाँ हैं। आप सुरक्षित हैं", 16, ["हम यहाँ हैं।", "आप सुरक्षित हैं"]),
        ("আমরা আছি। আপনি নিরাপদ", 14, ["আমরা আছি।", "আপনি নিরাপদ"]),
        ("እኛ እዚህ ነን። አይዞህ አንተ", 14, ["እኛ እዚህ ነን።", "አይዞህ አንተ"]),
        ("هل أنت بخير؟ نحن هنا معك", 16, ["هل أنت بخير؟", "نحن هنا معك"]),
        ("ہم یہاں ہیں۔ آپ محفوظ ہیں", 16, ["ہم یہاں ہیں۔", "آپ محفوظ ہیں"]),
        ("我们在这里。你是安全的", 8, ["我们在这里。", "你是安全的"]),
        ("no stop in sight just words", 12, ["no stop in", "sight just", "words"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        (" \n\t ", 10, []),
    ],
)
def test_cuts_where_a_reader_pauses(text: str, limit: int, expected: list[str]) -> None:
    assert split(text, limit) == expected


@pytest.mark.parametrize(
    "whole",
    ["+977 1 425 0001", "https://example.org/a/long.path?x=1.", "(0044) 20-7946 0958", "help@example.org"],
)
def test_numbers_and_addresses_stay_whole(whole: str) -> None:
    text = f"You can write or call {whole} at any time of the day"
    for limit in range(utf16(whole), utf16(text)):
        assert any(whole in piece for piece in split(text, limit)), limit


def test_a_grapheme_cluster_stays_whole() -> None:
    family = "👨‍👩‍👧"
    for limit in range(utf16(family), 40):
        assert "".join(split(family * 6, limit)) == family * 6
        assert all(piece.replace(family, "") == "" for piece in split(family * 6, limit))
    assert split("क्षि" * 3, 5) == ["क्षि"] * 3


def test_telegram_counts_emoji_twice() -> None:
    assert [utf16(piece) for piece in split("🙂" * 4096, 4096)] == [4096, 4096]


def test_a_cut_always_makes_progress() -> None:
    assert cut("🙂🙂", 1) == ("🙂", "🙂")
    assert cut("e" + "\u0301" * 50, 10)[1] != ""


def test_a_megabyte_takes_no_minute() -> None:
    began = time.perf_counter()
    for text in ("a" * 1_000_000, "word 1 " * 140_000, "1 " * 500_000):
        assert squeezed("".join(split(text, 4096))) == squeezed(text)
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("  STÖP!! ", "stop"),
        ("أوقف", "اوقف"),
        ("مُسَاعَدَة", "مساعده"),
        ("कृपया रुकें।", "कृपया रुकें"),
        ("ЙОД", "йод"),
        ("Ｈｅｌｐ", "help"),
        ("«Arrêter»", "arreter"),
        ("/stop", "Stop."),
        ("🛑 stop", "stop"),
    ],
)
def test_folding_makes_them_equal(left: str, right: str) -> None:
    assert fold(left) == fold(right) != ""


def test_folding_keeps_letters_apart() -> None:
    assert fold("रुको") != fold("रको")
    assert fold("\ud800?!") == ""
