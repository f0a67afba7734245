"""The door for gateways: read, prove, store, and only then acknowledge. Imports all stages up to `inbox`.

A call that can't be proved gets 403, one that can't be read 400; when the database takes nothing the gateway hears 503
and will call again. What was stored is acknowledged even if it was stored before.
"""

from collections.abc import Mapping

import structlog
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.base import Channel, Confirms, Parsed, Request
from bot.inbox.intake import Intake
from bot.model.errors import Malformed, Refused
from bot.model.messages import Report
from bot.outbox.reports import Reports

log = structlog.get_logger()
LARGEST_BODY = 1_000_000
METHODS = ["GET", "POST"]


class Webhooks:
    """One route for every channel that is switched on: /webhooks/<channel>/…"""

    def __init__(self, channels: Mapping[str, Channel], intake: Intake, reports: Reports, public_url: str) -> None:
        self._channels = channels
        self._intake = intake
        self._reports = reports
        self._public_url = public_url.rstrip("/")

    def routes(self) -> list[Route]:
        """Routes for the public application."""
        return [
            Route("/webhooks/{channel}", self.call, methods=METHODS),
            Route("/webhooks/{channel}/{rest:path}", self.call, methods=METHODS),
        ]

    async def call(self, http: HttpRequest) -> Response:
        """Answer one webhook call."""
        channel = self._channels.get(http.path_params["channel"])
        if channel is None or channel.capabilities.mailbox:
            return Response("unknown channel", 404)
        try:
            request = await self._read(http)
            parsed = channel.parse(request)
        except Refused as refused:
            log.warning("webhook_refused", channel=channel.name, reason=refused.log)
            return Response("refused", 403)
        except Malformed as malformed:
            log.warning("webhook_malformed", channel=channel.name, reason=malformed.log)
            return Response("malformed", malformed.status)
        response = await self._keep(channel.name, parsed)
        if response.status_code == 200 and isinstance(channel, Confirms):
            for incoming in parsed.messages:
                await channel.received(incoming)
        return response

    async def _keep(self, name: str, parsed: Parsed) -> Response:
        try:
            for incoming in parsed.messages:
                await self._intake.accept(incoming)
            for report in parsed.reports:
                await self._report(report)
        except Exception as broken:
            log.error("webhook_not_stored", channel=name, error=type(broken).__name__)
            return Response("not stored, send it again", 503, headers={"Retry-After": "5"})
        return Response(parsed.body, 200, media_type=parsed.content_type)

    async def _report(self, report: Report) -> None:
        await self._reports.accept(report)

    async def _read(self, http: HttpRequest) -> Request:
        body = b""
        async for part in http.stream():
            body += part
            if len(body) > LARGEST_BODY:
                raise Malformed("body_too_large", status=413)
        rest = http.path_params.get("rest", "")
        headers = {name.lower(): value for name, value in http.headers.items()}
        return Request(http.method, self._url(http), f"/{rest}" if rest else "", headers, body)

    def _url(self, http: HttpRequest) -> str:
        """The URL as the gateway knows it: behind a proxy only the operator can tell, and headers can be forged."""
        if not self._public_url:
            return str(http.url)
        query = f"?{http.url.query}" if http.url.query else ""
        return f"{self._public_url}{http.url.path}{query}"
