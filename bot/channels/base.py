"""The contract of a channel. Imports `bot.model` only; each channel is a module beside this one.

`parse()` and `render()` are pure, `send()` is the only I/O. The desk does the rest for every channel alike: storing,
dedupe, acknowledging, retries, menus, STOP. Adding a channel touches its module, its recorded payloads under
`tests/payloads/<channel>/` and one line of `registry.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from bot.model.messages import Incoming, Outgoing, Reply, Report


@dataclass(frozen=True)
class Request:
    """A webhook call as it came. `url` is the public URL (proxy headers resolved); `headers` have lower-case names."""

    method: str
    url: str
    path: str  # what follows /webhooks/<channel>, "" or "/secret/…"
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Parsed:
    """What a webhook call contained, and what its gateway wants to hear once the rows are committed."""

    messages: tuple[Incoming, ...] = ()
    reports: tuple[Report, ...] = ()
    body: str = ""
    content_type: str = "text/plain"


@dataclass(frozen=True)
class Capabilities:
    """What a channel can do. `sms`: replies use the SMS form, numbered menus and MORE."""

    sms: bool = False
    buttons: bool = False
    mailbox: bool = False  # the person fetches replies from our store (web chat, terminal): nothing is sent


@dataclass(frozen=True)
class Rendered:
    """A reply shaped for a channel: what goes now, and (SMS) what MORE sends next."""

    pieces: tuple[Outgoing, ...]
    rest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Words:
    """The few words a channel needs to shape a reply, already in the person's language."""

    more: str = "MORE"  # what to write to get the rest
    more_hint: str = "Send {word} for the rest."
    menu_hint: str = "Reply with a number."
    extra: Mapping[str, str] = field(default_factory=dict)


class Channel(Protocol):
    """One way to reach people."""

    name: str
    capabilities: Capabilities

    def parse(self, request: Request) -> Parsed:
        """Read a webhook call. Raises `Refused` when the caller isn't proved, `Malformed` when it can't be read."""
        ...

    def render(self, reply: Reply, words: Words) -> Rendered:
        """Shape a reply; never loses a word of it."""
        ...

    async def send(self, outgoing: Outgoing, address: str) -> str:
        """Deliver one piece and return the gateway's id for it. Raises `TryAgain`, `GiveUp` or `Unreachable`."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class Erases(Protocol):
    """A channel that can take messages back (Telegram)."""

    async def forget(self, address: str, gateway_ids: Sequence[str]) -> None:
        """Delete what the gateway still lets us delete, sent and received; never raises."""
        ...


@runtime_checkable
class Confirms(Protocol):
    """A channel that tells its gateway more once a message is stored (Telegram: that a press has arrived)."""

    async def received(self, incoming: Incoming) -> None:
        """Called after the commit; never raises, and nothing depends on it."""
        ...
