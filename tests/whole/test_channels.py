"""Telegram and SMS through the whole desk: gateways are local servers, everything of ours is real."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.channels.telegram import server as telegram_server
from tests.channels.telegram.server import TOKEN
from tests.whole.running import Running, free_ports

pytestmark = [pytest.mark.rasa, pytest.mark.xdist_group("channels")]
SECRET = "a-secret-path-of-kannel-42"


class Gateway:
    """Kannel's sendsms as its guide describes it: 202 "0: Accepted for delivery", 503 when it is busy."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.busy = 0

    async def sendsms(self, request: Request) -> PlainTextResponse:
        if self.busy:
            self.busy -= 1
            return PlainTextResponse("Temporal failure, try again later.", 503)
        body = (await request.body()).decode()
        self.sent.append({**request.query_params, **dict(parse_qsl(body, keep_blank_values=True))})
        return PlainTextResponse("0: Accepted for delivery", 202)

    async def until(self, count: int, seconds: float = 30) -> list[dict[str, str]]:
        deadline = time.monotonic() + seconds
        while len(self.sent) < count and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        return self.sent


@asynccontextmanager
async def serving(gateway: Gateway, port: int) -> AsyncIterator[None]:
    app = Starlette(routes=[Route("/cgi-bin/sendsms", gateway.sendsms, methods=["GET", "POST"])])
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", lifespan="off", ws="none")
    service = uvicorn.Server(config)
    task = asyncio.create_task(service.serve())
    while not service.started:
        await asyncio.sleep(0.01)
    yield
    service.should_exit = True
    await task


async def received(running: Running, number: int, text: str, sender: str = "+97455512345") -> httpx.Response:
    query = {"from": sender, "to": "1234", "text": text, "id": f"id-{number}", "at": str(int(time.time()))}
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(f"{running.url}/webhooks/kannel/{SECRET}", params=query)


async def test_sms_and_telegram_go_the_whole_way(trained: Path, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    gateway = Gateway()
    async with telegram_server.running() as telegram, serving(gateway, port):
        running = Running(
            tmp_path / "data",
            {
                "SAFAR_TELEGRAM_TOKEN": TOKEN,
                "SAFAR_TELEGRAM_API": telegram.url,
                "SAFAR_KANNEL_URL": f"http://127.0.0.1:{port}/cgi-bin/sendsms",
                "SAFAR_KANNEL_USER": "safar",
                "SAFAR_KANNEL_PASSWORD": "secret-password",
                "SAFAR_KANNEL_SECRET": SECRET,
            },
        )
        running.start(wait=False)
        await asyncio.to_thread(running.wait_until_ready)
        try:
            await _sms(running, gateway)
            await _telegram(telegram)
        finally:
            assert await asyncio.to_thread(running.stop) == 0


async def _sms(running: Running, gateway: Gateway) -> None:
    gateway.busy = 1  # the first try fails, and nothing is lost
    assert (await received(running, 1, "my boss in qatar does not pay my salary")).status_code < 300
    assert (await received(running, 1, "my boss in qatar does not pay my salary")).status_code < 300
    first = await gateway.until(2)
    everything = "\n".join(one["text"] for one in first)
    assert "16008" in everything
    assert everything.count("16008") == 1
    assert "1" in everything  # the buttons are a numbered menu
    assert first[0]["to"] == "+97455512345"
    await asyncio.sleep(1)
    count = len(gateway.sent)
    await received(running, 2, "STOP")
    stopped = await gateway.until(count + 1)
    assert "no more messages" in stopped[-1]["text"]
    refused = await received(running, 3, "hello", sender="+97455500000")
    assert refused.status_code < 300
    async with httpx.AsyncClient(trust_env=False) as http:
        wrong = await http.get(f"{running.url}/webhooks/kannel/wrong-secret", params={"from": "+1", "text": "x"})
    assert wrong.status_code == 403


async def _telegram(telegram: Any) -> None:
    chat = {"id": 42, "type": "private", "first_name": "P"}
    person = {"id": 42, "is_bot": False, "first_name": "P", "language_code": "fr"}
    base = {"date": int(time.time()), "chat": chat, "from": person}
    telegram.updates += [
        {"update_id": 11, "message": {**base, "message_id": 1, "text": "mon patron garde mon passeport"}},
        {
            "update_id": 12,
            "message": {**base, "message_id": 2, "voice": {"file_id": "v", "file_unique_id": "u", "duration": 3}},
        },
    ]
    deadline = time.monotonic() + 30
    while len(telegram.sent) < 3 and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    texts = [one["text"] for one in telegram.sent]
    assert "un employeur ne peut pas garder votre passeport" in texts[0]
    assert "useful:yes" in telegram_server.reply_markup(telegram.sent[0])
    assert any("n'envoyez pas ici votre nom" in text for text in texts)
    assert any("messages vocaux" in text for text in texts)
