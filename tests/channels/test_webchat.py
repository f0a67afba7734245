"""bot.channels.webchat: whole replies with their buttons; no webhook, nothing sent."""

import pytest

from bot.channels.base import Request, Words
from bot.channels.webchat import Webchat
from bot.model.errors import GiveUp, Refused
from bot.model.messages import Button, Outgoing, Reply


def test_a_reply_of_any_length_is_one_piece_with_its_buttons() -> None:
    text, buttons = "سطر\n" * 3000, (Button("نعم", "/yes"), Button("لا", "/no"))
    rendered = Webchat().render(Reply(text, buttons=buttons, language="ar"), Words())
    assert rendered.pieces == (Outgoing(text, buttons, "ar"),)
    assert rendered.rest == ()


async def test_people_fetch_and_no_webhook_enters() -> None:
    channel = Webchat()
    assert channel.capabilities.mailbox
    with pytest.raises(Refused):
        channel.parse(Request("POST", "http://x/webhooks/webchat", "", {}, b"{}"))
    with pytest.raises(GiveUp):
        await channel.send(Outgoing("hello"), "address")
