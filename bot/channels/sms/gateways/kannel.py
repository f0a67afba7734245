"""Kannel, one's own gateway: `get-url` of an sms-service in, `sendsms` out, delivery reports by `dlr-url`.

Kannel proves itself by a secret in the path. Which fields it sends is up to its configuration: docs/channels/sms.md has
the one this reads. Kannel gives no id when it takes a message, so ours goes out inside the `dlr-url`.
Fields and codes: Kannel's User Guide 1.4.5, "SMS-service group", "Using the HTTP interface", "Delivery Reports".
Imports `bot.model`, `bot.settings`, the channel contract and what the gateways share.
"""

import uuid
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx

from bot.channels.base import Parsed, Request
from bot.channels.sms.base import (
    Gateway,
    check_path,
    check_path_secret,
    check_url,
    configured,
    fields_of,
    moment,
    need,
)
from bot.channels.sms.encoding import fits_gsm7
from bot.model.clock import Clock, utc_now
from bot.model.errors import GiveUp, Malformed
from bot.model.messages import Outgoing, Report, ReportStatus
from bot.settings import Settings

DLR_MASK = 1 + 2 + 8 + 16
"""Ask for: delivered, not delivered, taken by the centre (SMSC), refused by it."""

_STATUS = {"1": ReportStatus.DELIVERED, "2": ReportStatus.FAILED, "16": ReportStatus.FAILED}
_ON_THE_WAY = frozenset({"4", "8", "32"})
_BINARY = "1"


class Kannel(Gateway):
    """One Kannel, usually on the same machine."""

    name = "kannel"

    def __init__(self, settings: Settings, http: httpx.AsyncClient, clock: Clock = utc_now) -> None:
        super().__init__(settings, http, settings.kannel_sender, clock)

    def parse(self, request: Request) -> Parsed:
        """A message (`from to text coding at id`) or a report (`report id`). Raises `Refused` or `Malformed`."""
        check_path(request.path, self._settings.kannel_secret)
        fields = fields_of(request)
        if "report" in fields:
            return Parsed(reports=(self._report(fields),))
        if fields.get("coding") == _BINARY:
            raise Malformed("binary_message")
        sent_at = moment(fields.get("at", ""))
        sender, text = need(fields, "from"), need(fields, "text")
        return Parsed((self.incoming(sender, text, sent_at, fields.get("id", ""), fields.get("to", "")),))

    def _report(self, fields: Mapping[str, str]) -> Report:
        code = fields["report"]
        status = _STATUS.get(code)
        if status is None and code not in _ON_THE_WAY:
            raise Malformed("unknown_report")
        return Report(self.name, need(fields, "id")[:100], status or ReportStatus.ACCEPTED, f"dlr_{code}")

    async def send(self, outgoing: Outgoing, address: str) -> str:
        """Hand one message to Kannel and return our id for it. Raises `TryAgain`, `GiveUp` or `Unreachable`."""
        settings = self._settings
        own_id = outgoing.extra.get("id") or uuid.uuid4().hex
        fields = {
            "username": settings.kannel_user,
            "password": settings.kannel_password,
            "to": address,
            "text": outgoing.text,
            "charset": "UTF-8",
            "coding": "0" if fits_gsm7(outgoing.text) else "2",
            "dlr-mask": str(DLR_MASK),
            "dlr-url": f"{self._report_url()}?{urlencode({'id': own_id})}&report=%d",
        }
        if settings.kannel_sender:
            fields["from"] = settings.kannel_sender
        answer = await self.post(settings.kannel_url, method="GET", params=fields)  # a form in a body it refuses
        if answer.status_code in {200, 202}:
            return own_id
        raise GiveUp(f"kannel_{answer.status_code}")

    def _report_url(self) -> str:
        """Where Kannel reports to: the public address, else this machine, where Kannel is then expected to be."""
        path = f"/{self._settings.kannel_secret}"
        host = self._settings.web_host
        host = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else f"[{host}]" if ":" in host else host  # noqa: S104
        return self.callback(path) or f"http://{host}:{self._settings.web_port}/webhooks/{self.name}{path}"


def build(settings: Settings, http: httpx.AsyncClient) -> Kannel | None:
    """The channel, None when Kannel is off. Raises `SetupError` when it is half set up."""
    names = ("kannel_url", "kannel_user", "kannel_password", "kannel_secret")
    if not configured("Kannel", {name: getattr(settings, name) for name in names}, settings):
        return None
    check_url("kannel_url", settings.kannel_url)
    check_path_secret("kannel_secret", settings.kannel_secret)
    return Kannel(settings, http)
