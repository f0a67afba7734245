"""The gateways' own sides, on loopback, behaving as their documentation says.

What a server answers depends on the number a message goes to, as with the vendors' own test numbers. `Calls` keeps what
was asked of it.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.ports import free_port
from tests.channels.sms.config import SETTINGS

GOOD = "+15005550006"
BUSY = "+15005550429"
BUSY_UNTIL = "+15005550430"
BROKEN = "+15005550500"
SLOW = "+15005550504"
INVALID = "+15005550001"
OPTED_OUT = "+15005550004"
FORBIDDEN = "+15005550002"  # this message is not accepted, others may be
GARBLED = "+15005550009"


@dataclass
class Calls:
    """Where a server listens, and what it was asked: form fields or JSON, by order."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)


@contextlib.asynccontextmanager
async def serving(app: Starlette, calls: Calls) -> AsyncIterator[Calls]:
    """Run `app` on a free loopback port while the block lasts."""
    port = free_port()
    config = uvicorn.Config(app, "127.0.0.1", port, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), task.exception()
        await asyncio.sleep(0.01)
    calls.url = f"http://127.0.0.1:{port}{calls.url}"
    try:
        yield calls
    finally:
        server.should_exit = True
        await task


async def _general(to: str) -> Response | None:
    """What any web service may do before it reads a message."""
    if to == BUSY:
        return PlainTextResponse("slow down", 429, headers={"Retry-After": "37"})
    if to == BUSY_UNTIL:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        return PlainTextResponse("slow down", 503, headers={"Retry-After": later})
    if to == BROKEN:
        return PlainTextResponse("<html>Bad gateway</html>", 502)
    if to == SLOW:
        await asyncio.sleep(3)
    if to == GARBLED:
        return PlainTextResponse("<html>Welcome</html>", 200)
    return None


def _basic(request: Request) -> str:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return base64.b64decode(value).decode() if kind == "Basic" else ""


async def _form(request: Request) -> dict[str, Any]:
    """Fields of an urlencoded body; Starlette's own reader needs a package that Safar doesn't."""
    from urllib.parse import parse_qsl

    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    return dict(parse_qsl((await request.body()).decode("ascii"), keep_blank_values=True, strict_parsing=True))


def twilio(calls: Calls) -> Starlette:
    """POST /2010-04-01/Accounts/{sid}/Messages.json"""
    codes = {INVALID: 21211, OPTED_OUT: 21610, FORBIDDEN: 21617, "+15005550020": 20429}

    async def messages(request: Request) -> Response:
        fields = await _form(request)
        calls.asked.append(fields)
        if _basic(request) != f"{SETTINGS.twilio_sid}:{SETTINGS.twilio_token}":
            return JSONResponse({"code": 20003, "message": "Authenticate", "status": 401}, 401)
        if general := await _general(fields["To"]):
            return general
        if code := codes.get(fields["To"]):
            return JSONResponse({"code": code, "message": "…", "more_info": "…", "status": 400}, 400)
        return JSONResponse({"sid": f"SM{len(calls.asked):032x}", "status": "queued", "error_code": None}, 201)

    return Starlette(
        routes=[Route(f"/2010-04-01/Accounts/{SETTINGS.twilio_sid}/Messages.json", messages, methods=["POST"])]
    )


def africastalking(calls: Calls) -> Starlette:
    """POST /version1/messaging"""
    codes = {
        INVALID: 403,
        OPTED_OUT: 406,
        FORBIDDEN: 407,
        "+15005550020": 405,
        "+15005550021": 500,
        "+15005550022": 409,
    }

    async def messaging(request: Request) -> Response:
        fields = await _form(request)
        calls.asked.append(fields)
        if request.headers.get("apikey") != SETTINGS.africastalking_key:
            return PlainTextResponse("The supplied authentication is invalid", 401)
        if general := await _general(fields["to"]):
            return general
        if fields["to"] == "+15005550023":
            return JSONResponse({"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}, 201)
        code = codes.get(fields["to"], 101)
        sent = {"statusCode": code, "number": fields["to"], "status": "…", "cost": "KES 0.8000", "messageId": "None"}
        if code == 101:
            sent["messageId"] = f"ATXid_{len(calls.asked)}"
        return JSONResponse({"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [sent]}}, 201)

    return Starlette(routes=[Route("/version1/messaging", messaging, methods=["POST"])])


def kannel(calls: Calls) -> Starlette:
    """/cgi-bin/sendsms"""

    async def sendsms(request: Request) -> Response:
        fields = dict(request.query_params)
        calls.asked.append(fields)
        if (fields["username"], fields["password"]) != (SETTINGS.kannel_user, SETTINGS.kannel_password):
            return PlainTextResponse("Authorization failed for sendsms", 403)
        if fields["to"] == GARBLED:
            return PlainTextResponse("3: Queued for later delivery", 202)
        if general := await _general(fields["to"]):
            return general
        if fields["to"] in {INVALID, FORBIDDEN}:
            return PlainTextResponse("Receiver number may not be routed", 400)
        if fields["to"] == "+15005550020":
            return PlainTextResponse("Temporal failure, try again later.", 503)
        return PlainTextResponse("0: Accepted for delivery", 202)

    return Starlette(routes=[Route("/cgi-bin/sendsms", sendsms, methods=["GET"])])


def android(calls: Calls) -> Starlette:
    """POST /messages, as the phone itself takes them; the same id twice is a conflict."""
    known: set[str] = set()

    async def messages(request: Request) -> Response:
        told = json.loads(await request.body())
        calls.asked.append({**told, "query": str(request.url.query)})
        to = told["phoneNumbers"][0]
        if _basic(request) != f"{SETTINGS.android_user}:{SETTINGS.android_password}":
            return JSONResponse({"message": "Unauthorized"}, 401)
        if general := await _general(to):
            return general
        if to in {INVALID, FORBIDDEN}:
            return JSONResponse({"message": "Invalid phone number"}, 400)
        if told["id"] in known:
            return JSONResponse({"message": "Message with such ID already exists"}, 409)
        known.add(told["id"])
        state = {"id": told["id"], "state": "Pending", "isHashed": False, "isEncrypted": False, "recipients": []}
        return JSONResponse(state, 202)

    return Starlette(routes=[Route("/messages", messages, methods=["POST"])])
