"""The web chat's HTTP interface: conversations, messages, replies as they come. Imports `bot.model` and its ports.

No account, no cookie: the conversation's key is a random 256-bit number that only the page's tab knows, sent as Bearer
token. What is stored is a digest of it. A message is answered 202 when its row is committed, and not before.
"""

import asyncio
import hashlib
import json
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog
from sse_starlette.sse import EventSourceResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.i18n import Locales
from bot.model.clock import utc_now
from bot.model.messages import MAX_TEXT, Incoming, Kind
from bot.settings import Settings
from bot.storage.repositories.outbox import Letter
from bot.webchat.limits import Limit
from bot.webchat.ports import Desk
from bot.webchat.texts import ERRORS

log = structlog.get_logger()
LARGEST_BODY = 64_000
KEY_LENGTH = 43
LONGEST_ID = 64
STREAM_SECONDS = 20.0
LONGEST_WAIT = 25.0
LEFT_REMEMBERED = 20_000
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class Problem(Exception):
    """A request that is refused; `name` is a key of `ERRORS`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ChatRoutes:
    """The five calls under /api/chat."""

    def __init__(self, desk: Desk, locales: Locales, settings: Settings) -> None:
        self._desk = desk
        self._locales = locales
        self._writing = Limit(settings.chat_messages)
        self._beginning = Limit(settings.chat_starts)
        self._left: OrderedDict[str, None] = OrderedDict()

    def routes(self) -> list[Route]:
        """For the public application."""
        return [
            Route("/api/chat/conversations", self._guarded(self.begin), methods=["POST"]),
            Route("/api/chat/messages", self._guarded(self.write), methods=["POST"]),
            Route("/api/chat/messages", self._guarded(self.read), methods=["GET"]),
            Route("/api/chat/events", self._guarded(self.listen), methods=["GET"]),
            Route("/api/chat/conversation", self._guarded(self.leave), methods=["DELETE"]),
        ]

    def _guarded(self, call: Any) -> Any:
        async def guarded(request: Request) -> Response:
            try:
                response: Response = await call(request)
            except Problem as problem:
                response = self._problem(problem.name, request)
            response.headers.update(HEADERS)
            return response

        return guarded

    async def begin(self, request: Request) -> Response:
        """A new conversation: its key. Nothing is stored until something is written."""
        if not self._beginning.allows(request.client.host if request.client else ""):
            raise Problem("often")
        return JSONResponse({"key": secrets.token_urlsafe(32)}, 201)

    async def write(self, request: Request) -> Response:
        """A message. 202 when it is new and stored, 200 when it was stored before."""
        address = self._address(request)
        incoming = _incoming(address, await _json(request))
        if not self._writing.allows(address):
            raise Problem("often")
        try:
            taken = await self._desk.accept(incoming)
        except Exception as broken:
            log.error("message_not_stored", error=type(broken).__name__)
            raise Problem("store") from broken
        return JSONResponse({"message": taken.message_id}, 202 if taken.new else 200)

    async def read(self, request: Request) -> Response:
        """Replies after an id; with `wait` it stays open until there are some."""
        wait = min(max(_number(request.query_params.get("wait"), 0), 0), LONGEST_WAIT)
        address = self._address(request)
        try:
            letters = await self._desk.wait(address, _after(request), wait)
        except Exception as broken:
            log.error("replies_not_read", error=type(broken).__name__)
            raise Problem("store") from broken
        erased = self._desk.is_erased(address)
        return JSONResponse({"replies": [self._letter(letter) for letter in letters], "erased": erased})

    async def listen(self, request: Request) -> Response:
        """Replies as server-sent events, from `Last-Event-ID` or `after` on."""
        events = self._events(self._address(request), _after(request))
        return EventSourceResponse(events, ping=15, headers=HEADERS)

    async def leave(self, request: Request) -> Response:
        """The person leaves: everything that was said is erased on our side too, and the browser forgets the page."""
        address = _address(request)
        self._left[address] = None
        while len(self._left) > LEFT_REMEMBERED:
            self._left.popitem(last=False)
        try:
            await self._desk.erase(address)
        except Exception as broken:
            self._left.pop(address, None)
            log.error("conversation_not_erased", error=type(broken).__name__)
            raise Problem("store") from broken
        return Response(status_code=204, headers={"Clear-Site-Data": '"cache", "cookies", "storage"'})

    def _address(self, request: Request) -> str:
        """The pseudonym of the key. Who has left is gone: what was still on its way must not bring it back."""
        address = _address(request)
        if address in self._left:
            raise Problem("key")
        return address

    async def _events(self, address: str, after: int) -> AsyncIterator[dict[str, str]]:
        while True:
            try:
                letters = await self._desk.wait(address, after, STREAM_SECONDS)
            except Exception as broken:
                log.error("replies_not_read", error=type(broken).__name__)
                await asyncio.sleep(1)
                continue
            if self._desk.is_erased(address):
                yield {"event": "erased", "data": json.dumps({"erased": True})}
                return
            for letter in letters:
                after = letter.id
                yield {"event": "reply", "id": str(letter.id), "data": json.dumps(self._letter(letter))}

    def _letter(self, letter: Letter) -> Mapping[str, Any]:
        spoken = self._locales.languages.get(letter.outgoing.language)
        return {
            "id": letter.id,
            "message": letter.message_id,
            "text": letter.outgoing.text,
            "buttons": [{"label": b.label, "payload": b.payload} for b in letter.outgoing.buttons],
            "language": letter.outgoing.language,
            "direction": spoken.direction if spoken else "ltr",
            "urgent": letter.urgent,
        }

    def _problem(self, name: str, request: Request) -> Response:
        status, sentence = ERRORS[name]
        said = self._locales.say(sentence, wanted_language(request, self._locales), "webchat")
        headers = {"Retry-After": "5"} if status in {429, 503} else {}
        return JSONResponse({"error": name, "sentence": said.text}, status, headers=headers)


def wanted_language(request: Request, locales: Locales, fallback: str = "en") -> str:
    """The language asked for by `?lang=`, else the first of Accept-Language that we speak."""
    listed = request.headers.get("accept-language", "")[:200]
    named = [request.query_params.get("lang", ""), *(part.partition(";")[0].strip() for part in listed.split(","))]
    for name in named:
        tag = {"tl": "fil"}.get(name.partition("-")[0].lower(), name.partition("-")[0].lower())
        if tag in locales.languages:
            return tag
    return fallback


def _address(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or len(key) != KEY_LENGTH or not key.isascii():
        raise Problem("key")
    return hashlib.sha256(key.encode()).hexdigest()


async def _json(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Problem("type")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise Problem("large")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as bad:
        raise Problem("json") from bad
    if not isinstance(found, dict):
        raise Problem("json")
    return found


def _incoming(address: str, body: Mapping[str, Any]) -> Incoming:
    """A message from its JSON: an id of the page's making, and a text or what a button carries."""
    text, payload, name = body.get("text", ""), body.get("payload"), body.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_ID or not isinstance(text, str):
        raise Problem("json")
    if payload is not None and not isinstance(payload, str):
        raise Problem("json")
    if not text.strip() and not payload:
        raise Problem("empty")
    if len(text) > MAX_TEXT:
        raise Problem("large")
    locale = body.get("locale") if isinstance(body.get("locale"), str) else None
    dedupe = hashlib.sha256(f"{address}:{name}".encode("utf-8", "replace")).hexdigest()
    kind = Kind.BUTTON if payload else Kind.TEXT
    return Incoming("webchat", address, kind, dedupe, utc_now(), text, payload, locale and locale[:16])


def _after(request: Request) -> int:
    return int(_number(request.headers.get("last-event-id") or request.query_params.get("after"), 0))


def _number(raw: str | None, default: float) -> float:
    try:
        number = float(raw) if raw else default
    except ValueError:
        return default
    return number if 0 <= number < 2**53 else default
