"""The desk's way to Rasa over loopback HTTP. Imports `bot.model` and this package's vectors of text.

One call tells one message and brings back everything that Rasa made of it. Whatever goes wrong is `DialogueDown`: the
message is stored, and is told again under the same id, which Rasa's side answers once.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import numpy as np

from bot.model.errors import DialogueDown
from bot.model.messages import Button, Reply
from bot.model.payloads import parse
from bot.model.understanding import FloatVector, Turn, Understanding

PATH = "/webhooks/safar/webhook"
INTENTS = {
    "entry": ("choose", "entry"),
    "country": ("set_country", "country"),
    "language": ("set_language", "language"),
}
BROKEN = frozenset({400, 500})
"""Answers that say: Rasa is well, this message is what it fails on."""
_COMMAND = re.compile(r"\A[\s/]+")
"""At the beginning of a text; Rasa takes away spaces of all kinds before it looks for its slash."""
BARE = {("useful", "yes"): "useful_yes", ("useful", "no"): "useful_no", ("person", "ask"): "ask_person"}


class RasaDialogue:
    """Implements `bot.model.understanding.Dialogue`."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._opened: aiohttp.ClientSession | None = None

    async def ask(
        self, conversation_id: str, understanding: Understanding, payload: str | None, known: Mapping[str, str | None]
    ) -> Turn:
        """Tell a message and get its turn. Raises `DialogueDown`."""
        body = {
            "sender": conversation_id,
            "message": message(understanding.text, payload),
            "metadata": metadata(understanding, payload, known),
        }
        try:
            async with self._http().post(self._url + PATH, json=body) as response:
                status, raw = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as broken:
            raise DialogueDown(type(broken).__name__) from broken
        if status != 200:
            raise DialogueDown(f"status_{status}", broken=status in BROKEN)
        try:
            return turn(json.loads(raw), understanding)
        except (ValueError, KeyError, TypeError, AttributeError) as broken:
            raise DialogueDown("unreadable_turn", broken=True) from broken

    async def ready(self) -> bool:
        """Does Rasa answer?"""
        brief = aiohttp.ClientTimeout(total=2)
        try:
            async with self._http().get(f"{self._url}/webhooks/safar/", timeout=brief) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def aclose(self) -> None:
        """Give back connections."""
        if self._opened is not None:
            await self._opened.close()

    def _http(self) -> aiohttp.ClientSession:
        """Opened by the first call: it belongs to the loop that runs then. A third of the work of httpx, which counts
        here, once for every message."""
        if self._opened is None:
            connector = aiohttp.TCPConnector(limit=64, keepalive_timeout=60)
            self._opened = aiohttp.ClientSession(
                connector=connector, headers=self._headers, timeout=self._timeout, trust_env=False
            )
        return self._opened


def message(text: str, payload: str | None) -> str:
    """What Rasa reads: a button's payload as an intent; what somebody typed never as one, however it begins."""
    pressed = parse(payload) if payload else None
    if pressed is None:
        return _COMMAND.sub("", text.encode("utf-8", "replace").decode()) or "…"
    if pressed.verb in INTENTS:
        intent, entity = INTENTS[pressed.verb]
        return f"/{intent}{json.dumps({entity: pressed.value})}"
    return f"/{BARE.get((pressed.verb, pressed.value), 'help')}"


def metadata(understanding: Understanding, payload: str | None, known: Mapping[str, str | None]) -> dict[str, Any]:
    """What the desk has read already, so that nobody reads it again."""
    places = [
        {"country": place.country, "role": place.role or None, "start": place.start, "end": place.end}
        for place in understanding.places
    ]
    packed = None if understanding.vector is None else pack(understanding.vector)
    return {
        "message_id": understanding.message_id,
        "vector": packed,
        "language": understanding.language,
        "guessed": understanding.guess.tag,
        "places": places,
        "payload": payload,
        "known": {key: value for key, value in known.items() if value},
    }


def pack(vector: FloatVector) -> str:
    """A vector as text: half precision is plenty."""
    return base64.b64encode(vector.astype(np.float16).tobytes()).decode()


def unpack(packed: str) -> FloatVector:
    """The vector again."""
    return np.frombuffer(base64.b64decode(packed), dtype=np.float16).astype(np.float32)


def turn(raw: Mapping[str, Any], understanding: Understanding) -> Turn:
    """Rasa's answer as a turn."""
    replies = tuple(_reply(told, understanding.language) for told in raw["replies"] if told.get("text"))
    slots = {str(key): value for key, value in (raw.get("slots") or {}).items()}
    return Turn(replies, slots, str(raw.get("intent") or ""))


def _reply(told: Mapping[str, Any], language: str) -> Reply:
    custom: dict[str, Any] = dict(told.get("custom") or {})
    buttons = tuple(Button(str(raw["title"]), str(raw["payload"])) for raw in told.get("buttons") or ())
    return Reply(
        text=str(told["text"]),
        language=str(custom.pop("language", None) or language),
        sms=custom.pop("sms", None),
        buttons=buttons,
        meta=custom,
    )
