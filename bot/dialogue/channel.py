"""Rasa's input channel for the desk, named in `credentials.yml`. Imports Rasa and Sanic.

One POST tells Rasa one message and answers with everything Rasa made of it. The same message id told again gets the
stored replies: Rasa never hears a message twice. What breaks is an error here, so that the desk keeps the message.
"""

import asyncio
import hmac
import inspect
import traceback
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

import structlog
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.dialogue import faults
from bot.settings import read

log = structlog.get_logger()
SLOTS = ("language", "origin", "destination", "entry")
Tell = Callable[[UserMessage], Awaitable[Any]]


class Collector(CollectingOutputChannel):
    """Keeps each bot message whole: text, buttons, what the actions say of it, and its metadata."""

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Called by Rasa for each message."""
        self.messages.append(message)


class SafarInput(InputChannel):
    """/webhooks/safar/webhook on the loopback interface, for whoever knows the token."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @classmethod
    def name(cls) -> str:
        return "safar"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "SafarInput":
        """Called by Rasa. Without a token no call is answered: `rasa run` by hand opens no door."""
        return cls(str((credentials or {}).get("token") or read().rasa_token))

    def blueprint(self, on_new_message: Tell) -> Blueprint:
        """The routes."""
        module = inspect.getmodule(self)
        blueprint = Blueprint("safar", module.__name__ if module else None)

        @blueprint.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            return self._guard(request) or json({"status": "ok"})

        @blueprint.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            return self._guard(request) or await self._receive(request, on_new_message)

        return blueprint

    def _guard(self, request: Request) -> HTTPResponse | None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self._token or not hmac.compare_digest(given.encode(), self._token.encode()):
            return json({"error": "refused"}, 403)
        return None

    async def _receive(self, request: Request, tell: Tell) -> HTTPResponse:
        try:
            body = request.json
            sender, message_id = str(body["sender"]), str(body["metadata"]["message_id"])
            body["message"].strip()
        except (SanicException, ValueError, KeyError, TypeError, AttributeError):
            return json({"error": "unreadable"}, 400)
        lock = self._locks.setdefault(sender, asyncio.Lock())
        async with lock:
            try:
                store = request.app.ctx.agent.tracker_store
                if turn := store.stored_turn(sender, message_id):
                    return json(_again(turn))
                return json(await self._tell(sender, body, tell, request.app.ctx.agent))
            except Exception as broken:
                log.error("turn_broken", message=message_id, error=type(broken).__name__, where=_where(broken))
                return json({"error": type(broken).__name__}, 500)

    async def _tell(self, sender: str, body: dict[str, Any], tell: Tell, agent: Any) -> dict[str, Any]:
        faults.begin()
        collector = Collector()
        message = UserMessage(body["message"], collector, sender, input_channel=self.name(), metadata=body["metadata"])
        await tell(message)
        faults.check()
        tracker = agent.tracker_store.saved(sender)
        slots = {name: tracker.get_slot(name) for name in SLOTS} if tracker else {}
        intent = tracker.latest_message.intent.get("name") if tracker and tracker.latest_message else None
        return {"replies": collector.messages, "slots": slots, "intent": intent or ""}


def _where(broken: Exception) -> str:
    """The place in the code where it broke: no values, which could be what somebody wrote."""
    frames = traceback.extract_tb(broken.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""


def _again(turn: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer that was given to a message, from the stored events of its turn."""
    slots: dict[str, Any] = {}
    replies = []
    for event in turn:
        if event["event"] == "bot":
            replies.append({**(event.get("data") or {}), **(event.get("metadata") or {}), "text": event.get("text")})
        elif event["event"] == "slot" and event["name"] in SLOTS:
            slots[event["name"]] = event.get("value")
    intent = ((turn[0].get("parse_data") or {}).get("intent") or {}).get("name") or ""
    return {"replies": replies, "slots": slots, "intent": intent}
