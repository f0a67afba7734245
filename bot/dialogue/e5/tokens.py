"""Text to the numbers of its pieces, as XLM-RoBERTa's unigram model cuts it. PURE: imports its vocabulary's type only.

The best cut is the one whose pieces' scores have the greatest sum (Viterbi); a character that no piece covers counts as
unknown and costs ten more than the rarest piece (SentencePiece's `unk_penalty`).
"""

from bot.dialogue.e5.packed import Vocabulary

SPACE = "\u2581"
UNKNOWN_PENALTY = 10.0
NEVER = float("-inf")


class Tokens:
    """Cuts texts. Takes a tenth of a second and 30 MB to make."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._numbers = {piece: number for number, piece in enumerate(vocabulary.pieces) if piece}
        self._numbers.pop(vocabulary.pieces[vocabulary.unknown], None)
        self._scores = vocabulary.scores
        self._rewritten = vocabulary.rewritten
        self._unknown = vocabulary.unknown
        self._unknown_score = min(vocabulary.scores) - UNKNOWN_PENALTY
        self._ends = (vocabulary.begin, vocabulary.end)
        self._longest = max(map(len, self._numbers))

    def cut(self, text: str, most: int) -> list[int]:
        """Numbers with those of beginning and end, `most` at most: what is longer loses its end."""
        begin, end = self._ends
        return [begin, *self._best(self._spelt(text))[: most - 2], end]

    def _spelt(self, text: str) -> str:
        rewritten = text.translate(self._rewritten)
        while "  " in rewritten:
            rewritten = rewritten.replace("  ", " ")
        return (rewritten if rewritten.startswith(" ") else f" {rewritten}").replace(" ", SPACE)

    def _best(self, text: str) -> list[int]:
        size, longest, find, scores = len(text), self._longest, self._numbers.get, self._scores
        best, pieces, starts = [0.0] + [NEVER] * size, [0] * (size + 1), [0] * (size + 1)
        for start in range(size):
            so_far = best[start]
            if so_far + self._unknown_score > best[start + 1]:
                best[start + 1] = so_far + self._unknown_score
                pieces[start + 1], starts[start + 1] = self._unknown, start
            for stop in range(start + 1, min(size, start + longest) + 1):
                number = find(text[start:stop])
                if number is not None and so_far + scores[number] > best[stop]:
                    best[stop], pieces[stop], starts[stop] = so_far + scores[number], number, start
        return _backwards(pieces, starts, size)


def _backwards(pieces: list[int], starts: list[int], at: int) -> list[int]:
    found = []
    while at > 0:
        found.append(pieces[at])
        at = starts[at]
    return found[::-1]
