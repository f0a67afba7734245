"""Twilio: signed form posts in, one form post a message out.

Webhook: https://www.twilio.com/docs/messaging/guides/webhook-request; signature:
https://www.twilio.com/docs/usage/webhooks/webhooks-security; sending:
https://www.twilio.com/docs/messaging/api/message-resource; codes: https://www.twilio.com/docs/api/errors.
Imports `bot.model`, `bot.settings`, the channel contract and what the gateways share.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from bot.channels.base import Parsed, Request
from bot.channels.sms.base import Gateway, check_size, check_url, configured, form, need, same
from bot.model.clock import Clock, utc_now
from bot.model.errors import GiveUp, Malformed, Refused, TryAgain, Unreachable
from bot.model.messages import Command, Incoming, Kind, Outgoing, Report, ReportStatus
from bot.settings import Settings

NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
GONE = frozenset({21211, 21214, 21217, 21610, 21614, 30004, 30005, 30006})
"""Opted out, no such number, not a mobile, blocked, landline."""
LATER = frozenset({14107, 20003, 20005, 20429, 21611, 21730, 30001, 30002, 30022})
"""Too fast, queue full, maintenance, and what is wrong with the account until somebody mends it."""

_STATUS = {
    "delivered": ReportStatus.DELIVERED,
    "read": ReportStatus.DELIVERED,
    "failed": ReportStatus.FAILED,
    "undelivered": ReportStatus.FAILED,
    "canceled": ReportStatus.FAILED,
}
_ORDERS = {"START": Command.START, "HELP": Command.HELP}
_PORTS = {"http": 80, "https": 443}


class Twilio(Gateway):
    """One Twilio number or Messaging Service."""

    name = "twilio"

    def __init__(self, settings: Settings, http: httpx.AsyncClient, clock: Clock = utc_now) -> None:
        super().__init__(settings, http, settings.twilio_sender, clock)

    def parse(self, request: Request) -> Parsed:
        """A message or a status callback. Raises `Refused` or `Malformed`."""
        if not self._settings.twilio_token:
            raise Refused("no_secret_configured")
        check_size(request)
        pairs = form(request.body) if request.method == "POST" else []
        signed = signatures(self._settings.twilio_token, request.url, pairs)
        given = request.headers.get("x-twilio-signature", "")
        if not any(same(given, each) for each in signed):
            raise Refused("bad_signature" if given else "no_signature")
        fields = dict(pairs or form(_split(request.url).query))
        if "MessageStatus" in fields and "Body" not in fields:
            return Parsed(reports=tuple(self._reports(fields)))
        return Parsed((self._message(fields),), body=NOTHING_TO_SAY, content_type="text/xml")

    def _message(self, fields: Mapping[str, str]) -> Incoming:
        text = need(fields, "Body")
        sid = fields.get("MessageSid") or need(fields, "SmsSid")
        kind, payload = _kind(fields, text)
        return self.incoming(need(fields, "From"), text, None, sid, fields.get("To", ""), kind, payload)

    def _reports(self, fields: Mapping[str, str]) -> Iterator[Report]:
        sid = fields.get("MessageSid") or need(fields, "SmsSid")
        status = _STATUS.get(fields["MessageStatus"], ReportStatus.ACCEPTED)
        code = fields.get("ErrorCode", "")
        code = code if code.isascii() and code.isdigit() and len(code) < 10 else ""
        gone = status is ReportStatus.FAILED and code != "" and int(code) in GONE
        yield Report(self.name, sid, status, code, unreachable=gone)

    async def send(self, outgoing: Outgoing, address: str) -> str:
        """Send one message and return its SID. Raises `TryAgain`, `GiveUp` or `Unreachable`."""
        settings = self._settings
        sender = "MessagingServiceSid" if settings.twilio_sender.startswith("MG") else "From"
        fields = {"To": address, "Body": outgoing.text, sender: settings.twilio_sender}
        if callback := self.callback():
            fields["StatusCallback"] = callback
        account = quote(settings.twilio_sid, safe="")
        url = f"{settings.twilio_api.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        answer = await self.post(url, data=fields, auth=(settings.twilio_sid, settings.twilio_token))
        found = _json(answer)
        if answer.is_success and isinstance(sid := found.get("sid"), str):
            return sid
        raise _error(answer.status_code, found.get("code"))


def build(settings: Settings, http: httpx.AsyncClient) -> Twilio | None:
    """The channel, None when Twilio is off. Raises `SetupError` when it is half set up."""
    needed = {name: getattr(settings, name) for name in ("twilio_sid", "twilio_token", "twilio_sender")}
    if not configured("Twilio", needed, settings):
        return None
    check_url("twilio_api", settings.twilio_api)
    return Twilio(settings, http)


def signatures(token: str, url: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Every signature Twilio may have made for this call: its URL is the one in Twilio's console, which may name the
    default port or not, and may be https where a proxy in front of us ended the encryption."""
    posted = "".join(name + value for name, value in sorted(set(pairs)))
    made = []
    for variant in _urls(url):
        text = (variant + posted).encode("utf-8", "surrogatepass")
        made.append(base64.b64encode(hmac.new(token.encode(), text, hashlib.sha1).digest()).decode())
    return made


def _urls(url: str) -> Iterator[str]:
    scheme, host, port = _split(url).scheme, _split(url).hostname or "", _port(url)
    rest = url.partition("://")[2]
    tail = rest[len(rest.partition("/")[0].partition("?")[0]) :]
    yield url
    if scheme not in _PORTS:
        return
    yield f"{scheme}://{host}{tail}"
    yield f"{scheme}://{host}:{port or _PORTS[scheme]}{tail}"
    if scheme == "http":
        yield f"https://{host}{tail}"
        yield f"https://{host}:443{tail}"


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError as bad:
        raise Malformed("bad_url") from bad


def _port(url: str) -> int | None:
    try:
        port: int | None = urlsplit(url).port
    except ValueError as bad:
        raise Malformed("bad_url") from bad
    return port


def _kind(fields: Mapping[str, str], text: str) -> tuple[Kind, str | None]:
    """With Advanced Opt-Out Twilio has obeyed STOP itself and blocks what we send: nothing can arrive any more.
    A picture that comes with words is read for its words."""
    order = fields.get("OptOutType", "").upper()
    if order == "STOP":
        return Kind.BLOCKED, None
    if order in _ORDERS:
        return Kind.COMMAND, _ORDERS[order].value
    if fields.get("NumMedia", "0") in {"", "0"} or text.strip():
        return Kind.TEXT, None
    return (Kind.VOICE if fields.get("MediaContentType0", "").startswith("audio/") else Kind.PHOTO), None


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _error(status: int, code: object) -> TryAgain | GiveUp | Unreachable:
    if not isinstance(code, int):
        return TryAgain(f"twilio_{status}_unreadable") if status < 400 else GiveUp(f"twilio_{status}")
    if code in GONE:
        return Unreachable(f"twilio_{code}")
    return TryAgain(f"twilio_{code}") if code in LATER else GiveUp(f"twilio_{code}")
