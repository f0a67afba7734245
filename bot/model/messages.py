"""Messages as Safar sees them, whatever the channel. PURE: frozen data, no I/O; imports nothing of Safar.

`Incoming` is what a channel makes of a webhook; `Reply` is what is to be said, before any channel has shaped it;
`Outgoing` is one shaped piece that `send()` delivers; `Report` is what a gateway tells of one afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MAX_TEXT = 4_000
"""Characters of an incoming text that are kept. Longer is cut at intake: nobody's question is longer, attacks are."""


class Kind(StrEnum):
    """What sort of thing arrived. Only TEXT and BUTTON reach the dialogue; the others get a fitting fixed reply."""

    TEXT = "text"
    BUTTON = "button"  # a button or numbered choice; `payload` holds what it carries
    COMMAND = "command"  # /start /help /language /stop and their words; `payload` holds the command's name
    EDITED = "edited"  # an edited earlier message; `text` is the new text
    CONTACT = "contact"  # somebody's phone number: not stored, politely declined
    LOCATION = "location"  # a place: not stored, politely declined
    PHOTO = "photo"
    VOICE = "voice"
    STICKER = "sticker"
    OTHER = "other"  # a document, a poll … known, but nothing we can read
    GROUP = "group"  # written in a group: Safar only speaks with one person at a time
    BLOCKED = "blocked"  # the person blocked the bot or left: no reply can arrive
    UNKNOWN = "unknown"  # an update type nobody has heard of: stored, acknowledged, ignored


class Command(StrEnum):
    """What people can order at any moment, inside any menu, on every channel, in every language."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    LANGUAGE = "language"
    MORE = "more"


@dataclass(frozen=True)
class Incoming:
    """One message of one person, read but not yet stored.

    `address` is where the channel can reach them (chat id, E.164 number, web chat key); it is encrypted at rest.
    `dedupe` is the gateway's own id or, where it has none, a digest of sender, text and moment: unique per channel.
    `extra` holds what the channel itself needs to answer well (a Telegram callback id), never personal data.
    """

    channel: str
    address: str
    kind: Kind
    dedupe: str
    sent_at: datetime
    text: str = ""
    payload: str | None = None
    locale: str | None = None  # the client's own idea of the language, a hint only
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Button:
    """A quick reply. `payload` is what comes back (`bot.model.payloads`); on SMS it becomes a number in a menu."""

    label: str
    payload: str


class Decision(StrEnum):
    """What kind of answer was given; the words of `safar evaluate`."""

    ANSWER = "answer"
    CHOICES = "choices"
    PERSON = "person"
    SMALLTALK = "smalltalk"
    DECLINE = "decline"
    HELP = "help"


@dataclass(frozen=True)
class Reply:
    """Something to say, complete and in the person's language, before a channel has shaped it.

    `sms` is the short form for SMS; without it `text` is cut to the SMS budget with MORE for the rest.
    `meta` is what staff and `safar evaluate` see (decision, entry, topic, probability, choices): JSON-able, no text.
    """

    text: str
    language: str
    sms: str | None = None
    buttons: tuple[Button, ...] = ()
    urgent: bool = False
    meta: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Outgoing:
    """One piece, shaped for one channel, as it lies in the outbox. `segments` is what a gateway will charge for."""

    text: str
    buttons: tuple[Button, ...] = ()
    language: str = "en"
    segments: int = 1
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shaped:
    """Replies as pieces for the outbox, what the conversation remembers of them, and whether they are fetched."""

    pieces: tuple[Outgoing, ...]
    changes: Mapping[str, object]
    mailbox: bool


class ReportStatus(StrEnum):
    """What a gateway says became of a message. ACCEPTED is not yet news: only the last two end its story."""

    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Report:
    """A delivery report. `gateway_id` is the id that `send()` returned; `reason` is a code, safe to log."""

    channel: str
    gateway_id: str
    status: ReportStatus
    reason: str = ""
    unreachable: bool = False  # the reason says that nothing can ever arrive at this address
