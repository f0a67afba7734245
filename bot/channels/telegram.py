"""Telegram, with python-telegram-bot for types and sending. Imports `bot.model`, `bot.settings`, the contract.

Updates come by long polling (`bot.channels.telegram_polling`: a laptop has no public address) or by webhook, whose
secret token is checked. Texts go out plain: nothing that people or staff write can turn into markup.
"""

import hmac
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channels import telegram_updates
from bot.channels.base import Capabilities, Parsed, Rendered, Request, Words
from bot.channels.text import split
from bot.model.errors import GiveUp, Malformed, Refused, SetupError, TryAgain, Unreachable
from bot.model.messages import Incoming, Outgoing, Reply
from bot.settings import Settings

log = structlog.get_logger()
AT_ONCE = 100
"""Messages that may be deleted in one call."""
LIMIT = 4096
"""UTF-16 units of a message: https://core.telegram.org/bots/api#sendmessage."""
LABEL = 60
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - a header's name
GONE = (
    "chat not found",
    "user not found",
    "user is deactivated",
    "bot was blocked",
    "peer_id_invalid",
    "chat_id is empty",
)


class Telegram:
    """The channel. `bot` is python-telegram-bot's, which the poller shares."""

    name = "telegram"
    capabilities = Capabilities(buttons=True)

    def __init__(self, token: str, api: str, secret: str) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # how the library says Retry-After from its next version on
        self._secret = secret
        self._requests = HTTPXRequest(connection_pool_size=32, read_timeout=20.0, connect_timeout=10.0)
        base = api.rstrip("/")
        self.bot = telegram.Bot(
            token,
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._requests,
            get_updates_request=self._requests,
        )

    def parse(self, request: Request) -> Parsed:
        """One update. Without a secret of ours every call is refused: then we poll."""
        given = request.headers.get(SECRET_HEADER, "")
        if not self._secret or not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise Refused("secret_token")
        return Parsed((self.read(_json(request.body)),))

    def read(self, update: Mapping[str, Any]) -> Incoming:
        """What an update says, whatever its type. Raises `Malformed` only when it has no update_id."""
        return telegram_updates.read(update, self.bot)

    def render(self, reply: Reply, words: Words) -> Rendered:
        """Pieces of at most 4,096 units, cut at sentence ends; the buttons are under the last one."""
        texts = split(reply.text, LIMIT)
        last = len(texts) - 1
        return Rendered(
            tuple(
                Outgoing(text, reply.buttons if number == last else (), reply.language)
                for number, text in enumerate(texts)
            )
        )

    async def send(self, outgoing: Outgoing, address: str) -> str:
        """Send one piece; the gateway's id is chat and message."""
        try:
            sent = await self.bot.send_message(
                chat_id=int(address),
                text=outgoing.text,
                reply_markup=_keyboard(outgoing),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except TelegramError as error:
            raise _told_apart(error) from error
        return f"{address}:{sent.message_id}"

    async def received(self, incoming: Incoming) -> None:
        """After a press was stored: end the button's waiting animation. A failure is of no consequence."""
        query = incoming.extra.get("callback")
        if not query:
            return
        try:
            await self.bot.answer_callback_query(query)
        except TelegramError:
            return

    async def forget(self, address: str, gateway_ids: Sequence[str]) -> None:
        """Delete messages of both sides, as far as Telegram lets us: https://core.telegram.org/bots/api#deletemessages."""
        numbers = [int(name.rpartition(":")[2]) for name in gateway_ids if name.rpartition(":")[2].isdigit()]
        for start in range(0, len(numbers), AT_ONCE):
            try:
                await self.bot.delete_messages(int(address), numbers[start : start + AT_ONCE])
            except TelegramError as error:
                log.warning("messages_not_deleted", error=type(error).__name__)

    async def aclose(self) -> None:
        """Give back connections."""
        await self._requests.shutdown()


def build(settings: Settings) -> Telegram | None:
    """The channel, or None without a token. Raises `SetupError` for a webhook without its secret."""
    if not settings.telegram_token:
        return None
    if settings.public_url and not settings.telegram_secret:
        raise SetupError(
            "Set SAFAR_TELEGRAM_SECRET: with SAFAR_PUBLIC_URL Telegram calls us, and must prove who it is."
        )
    try:
        return Telegram(settings.telegram_token, settings.telegram_api, settings.telegram_secret)
    except InvalidToken as bad:
        message = "SAFAR_TELEGRAM_TOKEN is no bot token: copy it from @BotFather."
        raise SetupError(message) from bad


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        update = json.loads(body)
    except (ValueError, RecursionError) as bad:
        raise Malformed("no_json") from bad
    if not isinstance(update, dict):
        raise Malformed("no_object")
    return update


def _keyboard(outgoing: Outgoing) -> InlineKeyboardMarkup | None:
    if not outgoing.buttons:
        return None
    rows = [[InlineKeyboardButton(button.label[:LABEL], callback_data=button.payload)] for button in outgoing.buttons]
    return InlineKeyboardMarkup(rows)


def _told_apart(error: TelegramError) -> TryAgain | GiveUp | Unreachable:
    """Telegram's errors by what follows from them: https://core.telegram.org/api/errors."""
    if isinstance(error, RetryAfter):
        return TryAgain("flood_control", after=seconds(error))
    if isinstance(error, Forbidden | ChatMigrated):
        return Unreachable(type(error).__name__.lower())
    if isinstance(error, BadRequest):
        gone = any(word in str(error).lower() for word in GONE)
        return Unreachable("chat_not_found") if gone else GiveUp("bad_request")
    return TryAgain(type(error).__name__.lower())


def seconds(error: RetryAfter) -> float:
    """How long Telegram asks us to wait."""
    after = error.retry_after
    return float(after) if isinstance(after, int | float) else after.total_seconds()
