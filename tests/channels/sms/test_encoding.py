"""bot.channels.sms.encoding: septets, code units, segments, as the network counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.sms.encoding import BASIC, EXTENSION, Segments, cut, fits_gsm7, normalise, segments


def test_the_alphabet_is_complete() -> None:
    assert len(BASIC) == 127  # 128 places less the escape
    assert len(EXTENSION) == 10
    assert not BASIC & EXTENSION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments("GSM-7", 0, 1)),
        ("a" * 160, Segments("GSM-7", 160, 1)),
        ("a" * 161, Segments("GSM-7", 161, 2)),
        ("a" * 306, Segments("GSM-7", 306, 2)),
        ("a" * 307, Segments("GSM-7", 307, 3)),
        ("€" * 80, Segments("GSM-7", 160, 1)),
        ("a" * 159 + "€", Segments("GSM-7", 161, 2)),
        ("a" * 152 + "€" + "a" * 152, Segments("GSM-7", 306, 3)),  # the pair moves on and pushes one septet over
        ("ç", Segments("UCS-2", 1, 1)),
        ("ع" * 70, Segments("UCS-2", 70, 1)),
        ("ع" * 71, Segments("UCS-2", 71, 2)),
        ("ع" * 134, Segments("UCS-2", 134, 2)),
        ("🙂" * 35, Segments("UCS-2", 70, 1)),
        ("ع" * 66 + "🙂" + "ع" * 66, Segments("UCS-2", 134, 3)),  # the surrogate pair is not split
    ],
)
def test_counts_segments(text: str, expected: Segments) -> None:
    assert segments(text) == expected


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“Don’t” – call…", '"Don\'t" - call...'),
        ("a\u00a0b\u202fc\u200b", "a b c"),
        ("e\u0301te\u0300", "été".replace("é", "é", 1).replace("té", "tè")),
        ("“नमस्ते” …", "“नमस्ते” …"),
        ("one\r\ntwo", "one\ntwo"),
    ],
)
def test_makes_plain_only_what_then_fits(text: str, plain: str) -> None:
    assert normalise(text) == plain


texts = st.text(alphabet=st.sampled_from("ab €[.ع🙂?ç\n’"), max_size=700)


@given(texts, st.integers(1, 4), st.sampled_from(["", "\nSend MORE", "\nأرسل المزيد"]))
def test_a_cut_fits_with_its_hint_and_loses_nothing(text: str, most: int, hint: str) -> None:
    head, rest = cut(text, most, hint)
    assert "".join((head + rest).split()) == "".join(text.split())
    assert segments(normalise(head + (hint if rest else ""))).count <= most


def test_cuts_at_a_sentence() -> None:
    sentence = "Keep your passport with you at all times. "
    head, rest = cut(sentence * 6, 1, "\nSend MORE for the rest.")
    assert head == (sentence * 3).strip()
    assert rest == (sentence * 3).strip()


@given(st.text(max_size=200))
def test_never_fails(text: str) -> None:
    assert segments(text).count >= 1
    assert fits_gsm7(normalise(text)) == (segments(normalise(text)).encoding == "GSM-7")
