"""What a Telegram update says. PURE: an update of any type becomes one `Incoming`; none raises but one without its id.

python-telegram-bot reads the types it knows; an update that it or we do not understand is `Kind.UNKNOWN`, so that it is
stored, acknowledged and never delivered again. Names, phone numbers, places and files of people are not taken over.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import telegram
from telegram import CallbackQuery, Chat, ChatMember, ChatMemberUpdated, Message, Update

from bot.model.errors import Malformed
from bot.model.messages import Command, Incoming, Kind

COMMANDS = {name.value: name for name in Command}
ATTACHED = (
    ("contact", Kind.CONTACT),
    ("location", Kind.LOCATION),
    ("venue", Kind.LOCATION),
    ("photo", Kind.PHOTO),
    ("voice", Kind.VOICE),
    ("audio", Kind.VOICE),
    ("video_note", Kind.VOICE),
    ("sticker", Kind.STICKER),
    ("animation", Kind.STICKER),
    ("document", Kind.OTHER),
    ("video", Kind.OTHER),
    ("poll", Kind.OTHER),
    ("dice", Kind.STICKER),
)
GROUPS = frozenset({Chat.GROUP, Chat.SUPERGROUP})
LEFT = frozenset({ChatMember.BANNED, ChatMember.LEFT})


def read(raw: Mapping[str, Any], bot: telegram.Bot | None) -> Incoming:
    """The update as a message. Raises `Malformed` when there is no update_id to acknowledge."""
    update_id = raw.get("update_id")
    if isinstance(update_id, bool) or not isinstance(update_id, int):
        raise Malformed("no_update_id")
    try:
        update = Update.de_json(dict(raw), bot)
        found = _read(update, str(update_id))
    except Exception:  # whatever a new or broken update makes of a library: it must not come again
        found = None
    return found or _unknown(raw, str(update_id))


def _read(update: Update, dedupe: str) -> Incoming | None:
    if update.message:
        return _message(update.message, dedupe, edited=False)
    if update.edited_message:
        return _message(update.edited_message, dedupe, edited=True)
    if update.callback_query:
        return _press(update.callback_query, dedupe)
    if update.my_chat_member:
        return _membership(update.my_chat_member, dedupe)
    return None


def _message(message: Message, dedupe: str, edited: bool) -> Incoming | None:
    locale = message.from_user.language_code if message.from_user else None
    base: dict[str, Any] = {"address": str(message.chat.id), "dedupe": dedupe, "sent_at": _aware(message.date)}
    if message.chat.type in GROUPS:
        return _in_group(message, base, locale)
    if message.chat.type != Chat.PRIVATE or (message.from_user and message.from_user.is_bot):
        return None
    text = message.text or message.caption or ""
    extra = {"message": f"{message.chat.id}:{message.message_id}"}
    if command := _command(text):
        return _incoming(Kind.COMMAND, base, locale, payload=command.value, extra=extra)
    if text:
        return _incoming(Kind.EDITED if edited else Kind.TEXT, base, locale, text=text, extra=extra)
    kind = next((kind for attribute, kind in ATTACHED if getattr(message, attribute, None)), None)
    return _incoming(kind, base, locale, extra=extra) if kind and not edited else None


def _in_group(message: Message, base: dict[str, Any], locale: str | None) -> Incoming | None:
    """Only who speaks to the bot is told that it speaks in private; a group's talk is not ours to keep."""
    return _incoming(Kind.GROUP, base, locale) if (message.text or "").startswith("/") else None


def _command(text: str) -> Command | None:
    word = text.split(maxsplit=1)[0] if text.startswith("/") and text.strip() else ""
    return COMMANDS.get(word[1:].partition("@")[0].lower()) if word else None


def _press(query: CallbackQuery, dedupe: str) -> Incoming | None:
    if query.message is None or query.message.chat.type != Chat.PRIVATE:
        return None
    base = {"address": str(query.message.chat.id), "dedupe": dedupe, "sent_at": datetime.now(UTC)}
    extra = {"callback": query.id}
    return _incoming(Kind.BUTTON, base, query.from_user.language_code, payload=query.data or "", extra=extra)


def _membership(change: ChatMemberUpdated, dedupe: str) -> Incoming | None:
    if change.chat.type != Chat.PRIVATE or change.new_chat_member.status not in LEFT:
        return None
    base = {"address": str(change.chat.id), "dedupe": dedupe, "sent_at": _aware(change.date)}
    return _incoming(Kind.BLOCKED, base, None)


def _incoming(kind: Kind, base: Mapping[str, Any], locale: str | None, **more: Any) -> Incoming:
    return Incoming(channel="telegram", kind=kind, locale=locale, **base, **more)


def _aware(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unknown(raw: Mapping[str, Any], dedupe: str) -> Incoming:
    """Stored with the type of the update and nothing else of it."""
    kinds = sorted(str(key)[:40] for key in raw if key != "update_id")
    extra = {"update": ",".join(kinds)[:100]}
    return Incoming("telegram", f"update:{dedupe}", Kind.UNKNOWN, dedupe, datetime.now(UTC), extra=extra)
