"""A reply as SMS: its short form within a budget of segments, buttons as a numbered menu, the rest kept for MORE. PURE.

`pick()` is the way back: which button a person meant who answered with a number, in whatever digits their phone writes.
Imports `bot.model`, the channel contract and the two pure modules beside it.
"""

import unicodedata
from collections.abc import Sequence

import regex  # type: ignore[import-untyped]

from bot.channels import text as texts
from bot.channels.base import Rendered, Words
from bot.channels.sms import encoding
from bot.model.messages import Button, Outgoing, Reply

LONGEST_PICK = 160
"""Characters; a longer message is no choice from a menu."""


def render(reply: Reply, words: Words, budget: int) -> Rendered:
    """`reply` in SMS of at most `budget` segments each. No word and no choice is lost.

    Text and menu go together where they fit; otherwise the menu is a message of its own. What an urgent reply says is
    never kept back for MORE: it goes at once, in as many messages as it takes.
    """
    said = (reply.sms or reply.text).strip()
    menu = _menu(reply.buttons, words, budget)
    together = "\n".join(part for part in (said, *menu) if part)
    if len(menu) <= 1 and _count(together) <= budget:
        return Rendered((_piece(together, reply),) if together else ())
    shown, rest = _shorten(said, words, budget, urgent=reply.urgent)
    return Rendered(tuple(_piece(text, reply) for text in (*shown, *menu)), rest)


def pick(menu: Sequence[Button], text: str) -> Button | None:
    """The button that `text` means: by its number ("2", "#2", "2)", "٢", "option 2") or by its exact label."""
    if not menu or len(text) > LONGEST_PICK:
        return None
    if (number := _number(text)) is not None:
        return menu[number - 1] if 1 <= number <= len(menu) else None
    folded = texts.fold(text)
    return next((button for button in menu if folded and texts.fold(button.label) == folded), None)


def _shorten(said: str, words: Words, budget: int, urgent: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is shown now, and what MORE brings."""
    if not said:
        return (), ()
    if urgent:
        return tuple(texts.split(said, budget, _count)), ()
    hint = "\n" + words.more_hint.replace("{word}", words.more)
    shown, rest = encoding.cut(said, budget, hint)
    return ((shown + hint,), (rest,)) if rest else ((shown,), ())


def _menu(buttons: Sequence[Button], words: Words, budget: int) -> tuple[str, ...]:
    """The menu in messages of whole lines; the hint on how to use it comes where there is room for it."""
    if not buttons:
        return ()
    lines = [f"{number} {' '.join(button.label.split())}" for number, button in enumerate(buttons, 1)]
    hinted = [*lines, words.menu_hint] if words.menu_hint else lines
    for wanted in (hinted, lines):
        if _count("\n".join(wanted)) <= budget:
            return ("\n".join(wanted),)
    return tuple(_by_lines(lines, budget))


def _by_lines(lines: Sequence[str], budget: int) -> list[str]:
    pieces: list[str] = []
    for line in lines:
        if pieces and _count(f"{pieces[-1]}\n{line}") <= budget:
            pieces[-1] = f"{pieces[-1]}\n{line}"
        else:
            pieces.extend(texts.split(line, budget, _count))
    return pieces


def _piece(text: str, reply: Reply) -> Outgoing:
    plain = encoding.normalise(text)
    return Outgoing(plain, language=reply.language, segments=encoding.segments(plain).count)


def _count(text: str) -> int:
    return encoding.segments(encoding.normalise(text)).count


# "option 2" as people write it in the languages of the project, folded; a word that is not here is not understood.
_WORDS = (
    "option|number|num|nr|no|choice|answer|opcion|numero|n|choix|reponse|الخيار|خيار|رقم|الرقم|विकल्प|नंबर|नम्बर|अंक|"
    "বিকল্প|নম্বর|নাম্বার|chaguo|namba|nambari|pilihan|nomor|opsi|opsyon|numero|вариант|номер|አማራጭ|ቁጥር"
)
_NUMBER = regex.compile(rf"(?:(?:{'|'.join(texts.fold(word) for word in _WORDS.split('|'))}) ?)?([0-9]{{1,3}})")


def _number(text: str) -> int | None:
    match = _NUMBER.fullmatch(texts.fold("".join(map(_latin_digit, text))))
    return int(match.group(1)) if match else None


def _latin_digit(char: str) -> str:
    """The number a character stands for: any script's digits, also Ethiopic ones and ten, circled and keycaps."""
    value = unicodedata.numeric(char, None) if unicodedata.category(char) in {"Nd", "No"} else None
    return str(int(value)) if value is not None and value == int(value) and value < 100 else char
