"""Telegram: what each update becomes, what is sent, and which error means what."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import telegram_updates
from bot.channels.base import Request, Words
from bot.channels.telegram import Telegram, build
from bot.channels.telegram_polling import Poller
from bot.model.errors import GiveUp, Malformed, Refused, SetupError, TryAgain, Unreachable
from bot.model.messages import Button, Incoming, Kind, Outgoing, Reply
from bot.settings import Settings
from tests.channels.telegram import server as telegram_server
from tests.channels.telegram.server import TOKEN, TelegramServer

PAYLOADS = sorted((Path(__file__).parents[2] / "payloads" / "telegram").glob("*.json"))
SECRET = "a-secret-token"


def channel(url: str = "http://127.0.0.1:9") -> Telegram:
    return Telegram(TOKEN, url, SECRET)


def webhook(body: bytes, secret: str | None = SECRET) -> Request:
    headers = {} if secret is None else {"x-telegram-bot-api-secret-token": secret}
    return Request("POST", "https://mrc.example/webhooks/telegram", "", headers, body)


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_each_recorded_update_becomes_what_it_says(path: Path) -> None:
    recorded = json.loads(path.read_text(encoding="utf-8"))
    incoming = channel().parse(webhook(json.dumps(recorded["update"]).encode())).messages[0]
    expected = recorded["expected"]
    assert {key: getattr(incoming, key) for key in expected} == expected
    assert incoming.channel == "telegram"
    assert incoming.dedupe == str(recorded["update"]["update_id"])
    kept = json.dumps([incoming.text, incoming.payload, dict(incoming.extra)])
    assert not any(secret in kept for secret in recorded.get("never_kept", []))


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "ß"])
def test_a_call_without_the_secret_is_refused(secret: str | None) -> None:
    with pytest.raises(Refused):
        channel().parse(webhook(b'{"update_id": 1}', secret))


def test_without_a_secret_of_ours_every_call_is_refused() -> None:
    with pytest.raises(Refused):
        Telegram(TOKEN, "http://127.0.0.1:9", "").parse(webhook(b'{"update_id": 1}', ""))


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"message": {}}', b'{"update_id": "1"}', b"[" * 9000]
)
def test_what_is_no_update_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        channel().parse(webhook(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["message", "edited_message", "callback_query", "my_chat_member", "new_in_2030", "poll"])


@given(st.dictionaries(FIELDS, JSON, max_size=3), st.integers())
def test_no_update_with_an_id_is_ever_an_error(fields: dict[str, Any], update_id: int) -> None:
    assert telegram_updates.read({**fields, "update_id": update_id}, None).dedupe == str(update_id)


def test_a_long_answer_is_split_at_sentence_ends_and_loses_nothing() -> None:
    text = " ".join(f"This is sentence number {number} of a long answer 😀." for number in range(300))
    rendered = channel().render(Reply(text, "en", buttons=(Button("Yes", "useful:yes"),)), Words())
    assert len(rendered.pieces) > 1
    assert all(len(piece.text.encode("utf-16-le")) // 2 <= 4096 for piece in rendered.pieces)
    assert all(piece.text.endswith(".") for piece in rendered.pieces)
    assert " ".join(piece.text for piece in rendered.pieces) == text
    assert [bool(piece.buttons) for piece in rendered.pieces] == [False] * (len(rendered.pieces) - 1) + [True]


async def test_messages_of_both_sides_are_taken_back_and_what_can_not_be_does_not_hinder_the_rest() -> None:
    async with telegram_server.running() as server:
        telegram = channel(server.url)
        server.answers.append(telegram_server.refusal(400, "Bad Request: message can't be deleted"))
        await telegram.forget("77", [f"77:{number}" for number in range(1, 151)] + ["of another kind"])
        await telegram.aclose()
    assert server.deleted == [("77", number) for number in range(101, 151)]


async def test_sending_delivers_text_and_buttons() -> None:
    async with telegram_server.running() as server:
        telegram = channel(server.url)
        sent = await telegram.send(Outgoing("*Hello* <b>", (Button("Yes", "useful:yes"),)), "42")
        assert sent == "42:1"
        assert server.sent[0]["text"] == "*Hello* <b>"
        assert "parse_mode" not in server.sent[0]
        assert telegram_server.reply_markup(server.sent[0]) == ["useful:yes"]
        await telegram.aclose()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (telegram_server.refusal(403, "Forbidden: bot was blocked by the user"), Unreachable),
        (telegram_server.refusal(403, "Forbidden: user is deactivated"), Unreachable),
        (telegram_server.refusal(400, "Bad Request: chat not found"), Unreachable),
        (telegram_server.refusal(400, "Bad Request: message text is empty"), GiveUp),
        (telegram_server.refusal(502, "Bad Gateway"), TryAgain),
        (telegram_server.refusal(401, "Unauthorized"), TryAgain),
    ],
)
async def test_errors_are_told_apart(answer: tuple[int, dict[str, Any]], error: type[Exception]) -> None:
    async with telegram_server.running() as server:
        server.answers.append(answer)
        telegram = channel(server.url)
        with pytest.raises(error):
            await telegram.send(Outgoing("x"), "42")
        await telegram.aclose()


async def test_flood_control_says_how_long_to_wait() -> None:
    async with telegram_server.running() as server:
        server.answers.append(telegram_server.flood(17))
        telegram = channel(server.url)
        with pytest.raises(TryAgain) as caught:
            await telegram.send(Outgoing("x"), "42")
        assert caught.value.after == 17
        await telegram.aclose()


async def test_a_dead_server_is_tried_again() -> None:
    telegram = channel("http://127.0.0.1:9")
    with pytest.raises(TryAgain):
        await telegram.send(Outgoing("x"), "42")
    await telegram.aclose()


def _text(update_id: int, text: str) -> dict[str, Any]:
    chat = {"id": 42, "type": "private", "first_name": "P"}
    message = {"message_id": update_id, "date": 1_790_000_000, "chat": chat, "text": text}
    return {"update_id": update_id, "message": message}


async def _poll(server: TelegramServer, accept: Any, times: int) -> Poller:
    telegram = channel(server.url)
    poller = Poller(telegram, accept)
    await telegram.bot.initialize()
    for _ in range(times):
        await poller.once()
    await telegram.aclose()
    return poller


async def test_polling_moves_on_only_after_a_message_is_stored() -> None:
    stored: list[Incoming] = []

    async def accept(incoming: Incoming) -> None:
        if not stored and incoming.dedupe == "8":
            raise OSError("database is gone")
        stored.append(incoming)

    async with telegram_server.running() as server:
        server.updates = [_text(8, "first")]
        telegram = channel(server.url)
        poller = Poller(telegram, accept)
        await telegram.bot.initialize()
        with pytest.raises(OSError, match="gone"):
            await poller.once()
        stored.append(Incoming("telegram", "1", Kind.TEXT, "0", _now()))
        await poller.once()
        await poller.once()
        assert server.offsets == [0, 0, 9]
        assert [incoming.text for incoming in stored][1:] == ["first"]
        await telegram.aclose()


async def test_an_update_nobody_can_read_does_not_block_the_next() -> None:
    stored: list[Incoming] = []

    async def accept(incoming: Incoming) -> None:
        stored.append(incoming)

    async with telegram_server.running() as server:
        server.updates = [{"update_id": 5, "message": {"chat": "?"}}, {"update_id": 6, "hologram": {}}, _text(7, "hi")]
        await _poll(server, accept, 2)
        assert [incoming.kind for incoming in stored] == [Kind.UNKNOWN, Kind.UNKNOWN, Kind.TEXT]
        assert server.offsets == [0, 8]


async def test_a_press_ends_the_buttons_waiting() -> None:
    async def accept(incoming: Incoming) -> None:
        assert incoming.payload == "useful:yes"

    async with telegram_server.running() as server:
        chat = {"id": 42, "type": "private", "first_name": "P"}
        message = {"message_id": 3, "date": 1_790_000_000, "chat": chat, "text": "?"}
        person = {"id": 42, "is_bot": False, "first_name": "P"}
        query = {"id": "777", "from": person, "chat_instance": "1", "data": "useful:yes", "message": message}
        server.updates = [{"update_id": 5, "callback_query": query}]
        await _poll(server, accept, 1)
        assert server.pressed == ["777"]


def test_a_webhook_needs_its_secret() -> None:
    with pytest.raises(SetupError, match="SAFAR_TELEGRAM_SECRET"):
        build(Settings(telegram_token=TOKEN, public_url="https://mrc.example"))
    assert build(Settings()) is None


def _now() -> Any:
    from bot.model.clock import utc_now

    return utc_now()
