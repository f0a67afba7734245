"""Cutting texts where a reader would pause, and folding them for comparison. PURE; imports nothing of Safar.

A text is cut at a paragraph, else at a line, else after a sentence, else at a comma, else between words, else between
grapheme clusters; inside a web address or a phone number only when nothing else is left. White space at a cut is
dropped, every other character is kept.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator

import regex  # type: ignore[import-untyped]

Measure = Callable[[str], int]
"""Length of a text in a channel's own units; it must not shrink when the text grows."""

_LOOKAHEAD = 400
_PARAGRAPH = regex.compile(r"\n[^\S\n]*\n")
_LINE = regex.compile(r"\n")
_SENTENCE = regex.compile(r"""(?:[.!?…]+["'”’»)\]]*(?=\s)|[؟۔؛।॥።፨၊။។。！？]+["'”’»)」』]*)""")
_CLAUSE = regex.compile(r"(?:[,;:](?=\s)|[،、，；፣፤])")
_WORD = regex.compile(r"\s")
# The share of a piece that a break must leave filled: a short first sentence is no reason to send a short message.
_BREAKS = ((_PARAGRAPH, 0.5), (_LINE, 0.6), (_SENTENCE, 0.4), (_CLAUSE, 0.7), (_WORD, 0.0))
_WHOLE = regex.compile(
    r"(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]+@[\w-]+\.\S+|[+(]?\p{Nd}[\p{Nd} ()./\u00a0-]{3,}\p{Nd}"
)
_CLUSTER = regex.compile(r"\X")


def utf16(text: str) -> int:
    """UTF-16 code units: how Telegram and the UCS-2 of SMS count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, limit: int, measure: Measure = utf16) -> list[str]:
    """`text` in pieces of at most `limit` units; an empty list for white space only."""
    pieces = []
    rest = text.strip()
    while rest:
        head, rest = cut(rest, limit, measure)
        pieces.append(head)
    return pieces


def cut(text: str, limit: int, measure: Measure = utf16) -> tuple[str, str]:
    """The longest good beginning of `text` that measures at most `limit`, and what follows ("" when all fits).

    The beginning always holds at least one character, so that a cut makes progress even when nothing fits.
    """
    text = text.strip()
    reach = _reach(text, limit, measure)
    if reach >= len(text):
        return text, ""
    at = _best(text[: reach + _LOOKAHEAD], reach)
    return text[:at].rstrip(), text[at:].lstrip()


def fold(text: str) -> str:
    """`text` without case, diacritics, punctuation, symbols and surplus space, for comparing what people type.

    Vowel signs of Indic scripts are letters here and stay; hamza, harakat, tatweel, nukta and joiners go.
    """
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_SAME)
    kept = (_bare(char) for char in plain if not _is_diacritic(char))
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def _reach(text: str, limit: int, measure: Measure) -> int:
    """The most characters from the beginning that fit. Gallops first: a megabyte is not measured for 160 units."""
    top = max(limit, 1)
    while top < len(text) and measure(text[:top]) <= limit:
        top *= 2
    lengths = range(1, min(top, len(text)) + 1)
    return bisect_right(lengths, limit, key=lambda n: measure(text[:n]))


def _best(window: str, reach: int) -> int:
    """Where to cut at or before `reach`. `window` shows a little more, to see what a cut would tear apart."""
    whole: list[tuple[int, int]] = [match.span() for match in _WHOLE.finditer(window)]
    for pattern, filled in _BREAKS:
        at = max((p for p in _ends(pattern, window, reach) if not _tears(whole, p)), default=0)
        if at > reach * filled:
            return at
    clusters: list[int] = [match.end() for match in _CLUSTER.finditer(window) if match.end() <= reach]
    safe = [at for at in clusters if not _tears(whole, at)]
    return max(safe or clusters or [max(reach, 1)])


def _ends(pattern: regex.Pattern[str], window: str, reach: int) -> Iterator[int]:
    for match in pattern.finditer(window):
        # White space at the cut is dropped, so a break may begin exactly where the room ends.
        at = match.start() if match.group().isspace() else match.end()
        if 0 < at <= reach:
            yield at


def _tears(whole: list[tuple[int, int]], at: int) -> bool:
    return any(start < at < end for start, end in whole)


_SAME = str.maketrans({"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ـ": None, "ı": "i", "ß": "ss", "ø": "o", "ł": "l"})
_NUKTAS = frozenset("\u093c\u09bc\u0a3c\u0abc\u0b3c")


def _is_diacritic(char: str) -> bool:
    if unicodedata.category(char) in {"Cf", "Cc", "Cs"} and not char.isspace():
        return True
    if not unicodedata.combining(char):
        return char in "\ufe0e\ufe0f\u20e3"
    return char in _NUKTAS or "\u0300" <= char <= "\u036f" or "\u0610" <= char <= "\u06ed"


def _bare(char: str) -> str:
    return " " if unicodedata.category(char)[0] in "PSZ" else char
