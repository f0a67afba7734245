"""How a text travels as SMS: GSM-7 or UCS-2, and in how many segments. PURE; imports `bot.channels.text` only.

The default alphabet and its extension table are those of 3GPP TS 23.038, 6.2.1 and 6.2.1.1; a segment holds 140
octets, 6 of which go to the header of a concatenated message (TS 23.040, 9.2.3.24).
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from bot.channels import text as texts

Encoding = Literal["GSM-7", "UCS-2"]

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Sent as an escape and a second septet."""

GSM_ONE, GSM_PART = 160, 153
UCS_ONE, UCS_PART = 70, 67

_HARMLESS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′‹›`´ʼ", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−•·", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u205f\t", " "),
        **dict.fromkeys("\u00ad\u200b\u200e\u200f\u2060\ufeff", ""),
        "…": "...",
    }
)


@dataclass(frozen=True)
class Segments:
    """What the network carries and a gateway charges: `units` are septets of GSM-7 or UTF-16 code units of UCS-2."""

    encoding: Encoding
    units: int
    count: int


def fits_gsm7(text: str) -> bool:
    """Whether every character is in the default alphabet or its extension."""
    return all(char in BASIC or char in EXTENSION for char in text)


def normalise(text: str) -> str:
    """`text` with typographic characters made plain if it fits GSM-7 then; otherwise only its line ends change."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = unicodedata.normalize("NFC", text).translate(_HARMLESS)
    return plain if fits_gsm7(plain) else text


def segments(text: str) -> Segments:
    """How `text` is sent as it stands. An empty text is one segment of no units."""
    if fits_gsm7(text):
        return _count("GSM-7", [2 if char in EXTENSION else 1 for char in text], GSM_ONE, GSM_PART)
    return _count("UCS-2", [2 if char > "\uffff" else 1 for char in text], UCS_ONE, UCS_PART)


def cut(text: str, max_segments: int, hint: str = "") -> tuple[str, str]:
    """As much of `text` as fits `max_segments` together with `hint`, cut at a sentence or word, and the rest.

    The hint needs room only when something is cut; it is not added here.
    """
    if segments(normalise(text)).count <= max_segments:
        return text, ""
    return texts.cut(text, max_segments, lambda head: segments(normalise(head + hint)).count)


def _count(encoding: Encoding, widths: list[int], one: int, part: int) -> Segments:
    total = sum(widths)
    if total <= one:
        return Segments(encoding, total, 1)
    count, room = 1, part
    for width in widths:
        if width > room:  # an escape pair or a surrogate pair is never split over a boundary
            count, room = count + 1, part
        room -= width
    return Segments(encoding, total, count)
