"""bot.channels.sms.render: budget, MORE, menus and numbers in any digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import Words
from bot.channels.sms.encoding import segments
from bot.channels.sms.render import pick, render
from bot.model.messages import Button, Reply

WORDS = Words()
MENU = (Button("Wages", "entry:wages"), Button("Pasaporte ñ", "entry:passport"), Button("Ask a person", "person:ask"))


def test_short_text_and_menu_are_one_message() -> None:
    rendered = render(Reply("What is it about?", "en", buttons=MENU), WORDS, 3)
    assert [piece.text for piece in rendered.pieces] == [
        "What is it about?\n1 Wages\n2 Pasaporte ñ\n3 Ask a person\nReply with a number."
    ]
    assert rendered.pieces[0].segments == 1
    assert rendered.rest == ()


def test_the_short_form_goes_out() -> None:
    rendered = render(Reply("The long answer. " * 60, "en", sms="Short – “answer”."), WORDS, 2)
    assert [(piece.text, piece.segments) for piece in rendered.pieces] == [('Short - "answer".', 1)]


def test_the_rest_waits_for_more() -> None:
    text = "This is a sentence of the answer. " * 30
    rendered = render(Reply(text, "en", buttons=MENU), WORDS, 2)
    first, menu = rendered.pieces
    assert first.text.endswith("answer.\nSend MORE for the rest.")
    assert first.segments <= 2
    assert menu.text.startswith("1 Wages\n2 ")
    assert (first.text.removesuffix("\nSend MORE for the rest.") + " " + rendered.rest[0]) == text.strip()


def test_a_menu_that_does_not_fit_goes_by_itself() -> None:
    text = "a" * 150 + "."
    rendered = render(Reply(text, "en", buttons=MENU), WORDS, 1)
    assert [piece.text.splitlines()[0] for piece in rendered.pieces] == [text, "1 Wages"]
    assert [piece.segments for piece in rendered.pieces] == [1, 1]


def test_urgent_words_are_not_kept_back() -> None:
    text = "اتصل بالشرطة الآن. " * 20
    rendered = render(Reply(text, "ar", urgent=True), WORDS, 2)
    assert rendered.rest == ()
    assert " ".join(piece.text for piece in rendered.pieces) == text.strip()


def test_nothing_to_say_sends_nothing() -> None:
    assert render(Reply(" ", "en"), WORDS, 3).pieces == ()


labels = st.text(alphabet="ab ñعक🙂", min_size=1, max_size=90).filter(str.strip)


@given(st.text(alphabet="ab. ع€\n", max_size=900), st.lists(labels, max_size=12), st.integers(1, 4), st.booleans())
def test_no_word_and_no_choice_is_lost(text: str, names: list[str], budget: int, urgent: bool) -> None:
    buttons = tuple(Button(name, "person:ask") for name in names)
    rendered = render(Reply(text, "en", buttons=buttons, urgent=urgent), WORDS, budget)
    for piece in rendered.pieces:
        assert piece.segments == segments(piece.text).count <= budget
    said = "".join("".join(p.text for p in rendered.pieces).split()) + "".join("".join(rendered.rest).split())
    for number, name in enumerate(names, 1):
        assert f"{number}{''.join(name.split())}" in said
    for hint in (WORDS.more_hint.replace("{word}", WORDS.more), WORDS.menu_hint):
        said = said.replace("".join(hint.split()), "")
    letters = sum(len("".join(part.split())) for part in (text, *names))
    assert len(said) == letters + sum(len(str(n)) for n in range(1, len(names) + 1))


@pytest.mark.parametrize(
    "text",
    [
        "2",
        " 2.",
        "2)",
        "#2",
        "(2)",
        "٢",
        "۲",
        "२",
        "২",
        "፪",
        "２",
        "②",
        "2️⃣",
        "2!",
        "option 2",
        "opción 2",
        "choix 2",
        "الخيار ٢",
        "विकल्प २",
        "বিকল্প ২",
        "አማራጭ ፪",
        "chaguo 2",
        "вариант 2",
        "02",
        "pasaporte ñ",
        "PASAPORTE N",
        " Pasaporte ñ. ",
    ],
)
def test_the_second_is_picked(text: str) -> None:
    assert pick(MENU, text) == MENU[1]


@pytest.mark.parametrize(
    "text",
    ["0", "4", "2 3", "22222", "-", "", "two thousand", "I have 2 children", "½", "2" * 5000, "\ud800", "1.2", "二"],
)
def test_nothing_is_picked(text: str) -> None:
    assert pick(MENU, text) is None


def test_ten_and_more() -> None:
    menu = tuple(Button(f"b{n}", f"entry:b{n}") for n in range(1, 13))
    assert [pick(menu, text) for text in ("፲", "١٢", "10")] == [menu[9], menu[11], menu[9]]
    assert pick((), "1") is None
