"""A Telegram Bot API server on loopback that behaves as https://core.telegram.org/bots/api says, errors included."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

TOKEN = "123456789:AAF0-test-token-of-no-real-bot-0123456"
ME = {"id": 123456789, "is_bot": True, "first_name": "Safar", "username": "safar_test_bot"}


class TelegramServer:
    """Updates wait until the offset moves past them; `answers` scripts the next replies of a method."""

    def __init__(self) -> None:
        self.updates: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.pressed: list[str] = []
        self.deleted: list[tuple[str, int]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.offsets: list[int] = []
        self.url = ""

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/bot{token}/{method}", self.call, methods=["GET", "POST"])])

    async def call(self, request: Request) -> JSONResponse:
        if request.path_params["token"] != TOKEN:
            return JSONResponse({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401)
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        handler = getattr(self, f"do_{request.path_params['method'].lower()}")
        return await handler(form)

    async def do_getme(self, form: dict[str, Any]) -> JSONResponse:
        return JSONResponse({"ok": True, "result": ME})

    async def do_deletewebhook(self, form: dict[str, Any]) -> JSONResponse:
        return JSONResponse({"ok": True, "result": True})

    async def do_getupdates(self, form: dict[str, Any]) -> JSONResponse:
        offset = int(form.get("offset", 0))
        self.offsets.append(offset)
        self.updates = [update for update in self.updates if update.get("update_id", 0) >= offset]
        for _ in range(20):
            if self.updates or self.answers:
                break
            await asyncio.sleep(0.02)
        if self.answers:
            status, body = self.answers.pop(0)
            return JSONResponse(body, status)
        return JSONResponse({"ok": True, "result": self.updates})

    async def do_sendmessage(self, form: dict[str, Any]) -> JSONResponse:
        if self.answers:
            status, body = self.answers.pop(0)
            return JSONResponse(body, status)
        if len(form["text"].encode("utf-16-le")) // 2 > 4096:
            return JSONResponse(
                {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}, 400
            )
        self.sent.append(form)
        chat = {"id": int(form["chat_id"]), "type": "private", "first_name": "P"}
        message = {"message_id": len(self.sent), "date": 1_790_000_000, "chat": chat, "text": form["text"]}
        return JSONResponse({"ok": True, "result": message})

    async def do_deletemessages(self, form: dict[str, Any]) -> JSONResponse:
        """https://core.telegram.org/bots/api#deletemessages: at most a hundred at once."""
        numbers = json.loads(form["message_ids"]) if isinstance(form["message_ids"], str) else form["message_ids"]
        if not 1 <= len(numbers) <= 100:
            return JSONResponse({"ok": False, "error_code": 400, "description": "Bad Request: wrong number"}, 400)
        if self.answers:
            status, body = self.answers.pop(0)
            return JSONResponse(body, status)
        self.deleted.extend((str(form["chat_id"]), int(number)) for number in numbers)
        return JSONResponse({"ok": True, "result": True})

    async def do_answercallbackquery(self, form: dict[str, Any]) -> JSONResponse:
        self.pressed.append(str(form["callback_query_id"]))
        return JSONResponse({"ok": True, "result": True})


def flood(seconds: int) -> tuple[int, dict[str, Any]]:
    parameters = {"retry_after": seconds}
    description = f"Too Many Requests: retry after {seconds}"
    return 429, {"ok": False, "error_code": 429, "description": description, "parameters": parameters}


def refusal(status: int, description: str) -> tuple[int, dict[str, Any]]:
    return status, {"ok": False, "error_code": status, "description": description}


@asynccontextmanager
async def running() -> AsyncIterator[TelegramServer]:
    server = TelegramServer()
    config = uvicorn.Config(server.app(), host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    service = uvicorn.Server(config)
    task = asyncio.create_task(service.serve())
    while not service.started:
        await asyncio.sleep(0.01)
    port = service.servers[0].sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        service.should_exit = True
        await task


def reply_markup(form: dict[str, Any]) -> list[str]:
    rows = json.loads(form.get("reply_markup", "{}")).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row]
