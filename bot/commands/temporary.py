"""A desk of its own for one command: temporary database, free ports, replies fetched instead of sent.

The model is the checkout's; people's conversations are never touched.
"""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from bot.channels.base import Channel
from bot.channels.sms.shaped import ShapedSms
from bot.channels.telegram import Telegram
from bot.channels.terminal import Fetched, Terminal
from bot.channels.webchat import Webchat
from bot.commands.prepare import prepared_model
from bot.library import publish
from bot.model.clock import utc_now
from bot.model.errors import SetupError
from bot.model.messages import Incoming, Kind
from bot.ports import free_port
from bot.settings import ROOT, Settings, read
from bot.storage.repositories import conversations, messages
from bot.storage.repositories.outbox import Letter
from bot.wiring import Desk, build, open_store, running
from knowledge.load import load

READY_SECONDS = 60.0
ANSWER_SECONDS = 60.0
NO_TOKEN = "1:" + "x" * 35


@dataclass(frozen=True)
class Answered:
    """What came back: the pieces of the reply, and how the message was understood."""

    letters: tuple[Letter, ...]
    meta: Mapping[str, Any]

    @property
    def text(self) -> str:
        """All pieces together."""
        return "\n\n".join(letter.outgoing.text for letter in self.letters)


class TemporaryDesk:
    """Asks on behalf of a terminal."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def ask(
        self,
        text: str,
        address: str,
        channel: str = "webchat",
        known: Mapping[str, str] | None = None,
        payload: str | None = None,
        after: int = 0,
    ) -> Answered:
        """One message of the conversation at `address`, and its answer. Raises `SetupError` when none comes."""
        name = {"web": "webchat"}.get(channel, channel if channel in self.desk.channels else "webchat")
        kind = Kind.BUTTON if payload else Kind.TEXT
        incoming = Incoming(name, address, kind, uuid.uuid4().hex, utc_now(), text, payload)
        if known:
            await self.desk.store.write(lambda s: self._know(s, name, address, known))
        taken = await self.desk.intake.accept(incoming)
        await self._finished(taken.message_id, name, address)
        letters = await self.desk.mailbox.letters(name, address, after)
        crypt = self.desk.crypt
        meta = await self.desk.store.read(lambda s: messages.meta_of(s, crypt, taken.message_id))
        return Answered(tuple(letter for letter in letters if letter.message_id == taken.message_id), meta)

    def _know(self, session: Any, channel: str, address: str, known: Mapping[str, str]) -> None:
        crypt = self.desk.crypt
        conversation_id = conversations.find_or_add(session, crypt, channel, address, utc_now())
        conversations.change(session, crypt, conversation_id, dict(known))

    async def _finished(self, message_id: str, channel: str, address: str) -> None:
        deadline = asyncio.get_running_loop().time() + ANSWER_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            await self.desk.mailbox.news(channel, address, 0.25)
            if await self.desk.store.read(lambda s: messages.is_done(s, message_id)):
                return
        raise SetupError("No answer came within a minute; see rasa.log in the data directory.")


@asynccontextmanager
async def temporary_desk(settings: Settings | None = None) -> AsyncIterator[TemporaryDesk]:
    """A running desk that is gone afterwards."""
    chosen = settings or read()
    model = prepared_model(chosen)
    with tempfile.TemporaryDirectory(prefix="safar-") as folder:
        temporary = replace(
            chosen, data_dir=folder, database_url="", action_port=free_port(), rasa_port=free_port(), public_url=""
        )
        _link_cache(chosen, temporary)
        store, _ = open_store(temporary)
        publish(store, load(ROOT / "knowledge", ROOT / "locales"))
        store.close()
        desk = build(temporary, model, channels(chosen), chosen.data_path / "rasa.log")
        async with running(desk):
            await ready(desk)
            yield TemporaryDesk(desk)


def _link_cache(chosen: Settings, temporary: Settings) -> None:
    """Vectors are no secret and cost seconds: the temporary desk uses the checkout's."""
    cache = chosen.data_path / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (temporary.data_path / "cache").symlink_to(cache, target_is_directory=True)


async def ready(desk: Desk) -> None:
    """Wait for Rasa. Raises `SetupError` when it does not come up."""
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while not await desk.dialogue.ready():
        if asyncio.get_running_loop().time() > deadline:
            raise SetupError("Rasa did not start within a minute; see rasa.log in the data directory.")
        await asyncio.sleep(0.1)


def channels(settings: Settings) -> Mapping[str, Channel]:
    """Every way of shaping a reply, none of which sends anything."""
    shaped: tuple[Channel, ...] = (
        Webchat(),
        Terminal(),
        Fetched(Telegram(NO_TOKEN, settings.telegram_api, "")),
        Fetched(ShapedSms(settings.sms_segments)),
    )
    return {channel.name: channel for channel in shaped}
