"""Messages and memories as sealed JSON. Imports `bot.model` and `bot.storage.crypt`."""

import json
from collections.abc import Mapping
from typing import Any

from bot.model.messages import Button, Outgoing
from bot.storage.crypt import Crypt


def seal(crypt: Crypt, value: Mapping[str, object]) -> bytes:
    """Anything JSON-able, sealed."""
    return crypt.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def unseal(crypt: Crypt, sealed: bytes | None) -> dict[str, Any]:
    """What was sealed; an empty mapping for nothing (texts past their retention are gone)."""
    return json.loads(crypt.unseal(sealed)) if sealed else {}


def buttons_out(buttons: tuple[Button, ...]) -> list[list[str]]:
    """Buttons as JSON."""
    return [[button.label, button.payload] for button in buttons]


def buttons_in(raw: list[list[str]]) -> tuple[Button, ...]:
    """Buttons from JSON."""
    return tuple(Button(label, payload) for label, payload in raw)


def outgoing_out(outgoing: Outgoing) -> dict[str, object]:
    """A piece as JSON."""
    return {
        "text": outgoing.text,
        "buttons": buttons_out(outgoing.buttons),
        "language": outgoing.language,
        "segments": outgoing.segments,
        "extra": dict(outgoing.extra),
    }


def outgoing_in(raw: Mapping[str, Any]) -> Outgoing:
    """A piece from JSON."""
    return Outgoing(
        text=raw.get("text", ""),
        buttons=buttons_in(raw.get("buttons", [])),
        language=raw.get("language", "en"),
        segments=raw.get("segments", 1),
        extra=raw.get("extra", {}),
    )
