"""SMS Gateway for Android (sms-gate.app): a phone as a gateway, directly or through its cloud server.

Webhooks are JSON, signed with HMAC-SHA256 over body and timestamp: https://docs.sms-gate.app/features/webhooks/.
Sending: https://docs.sms-gate.app/features/sending-messages/.
Imports `bot.model`, `bot.settings`, the channel contract and what the gateways share.
"""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.channels.base import Parsed, Request
from bot.channels.sms.base import Gateway, check_size, check_url, configured, digest, json_of, moment, need, same
from bot.model.clock import Clock, utc_now
from bot.model.errors import GiveUp, Malformed, Refused, TryAgain
from bot.model.messages import Incoming, Kind, Outgoing, Report, ReportStatus
from bot.settings import Settings

TOLERANCE = 300
"""Seconds that the phone's clock may be off; the app signs every repetition anew."""
CLOUD = "api.sms-gate.app"
ALREADY_TAKEN = 409

_REPORTS = {
    "sms:sent": ReportStatus.ACCEPTED,
    "sms:delivered": ReportStatus.DELIVERED,
    "sms:failed": ReportStatus.FAILED,
    "sms:cancelled": ReportStatus.FAILED,
}


class Android(Gateway):
    """One phone, or the phones behind one account."""

    name = "android"

    def __init__(self, settings: Settings, http: httpx.AsyncClient, clock: Clock = utc_now) -> None:
        super().__init__(settings, http, settings.centre_phone, clock)

    def parse(self, request: Request) -> Parsed:
        """A message, a report, or an event that asks for nothing. Raises `Refused` or `Malformed`."""
        self._prove(request)
        told = json_of(request)
        event = need(told, "event")
        payload = told.get("payload")
        if not isinstance(payload, dict):
            raise Malformed("no_payload")
        if event == "sms:received":
            return Parsed((self._message(payload),))
        if event == "mms:received":
            return Parsed((self._picture(payload),))
        if event in _REPORTS:
            return Parsed(reports=(self._report(event, payload),))
        return Parsed()

    def _prove(self, request: Request) -> None:
        secret = self._settings.android_secret
        if not secret:
            raise Refused("no_secret_configured")
        check_size(request)
        given, stamp = request.headers.get("x-signature", ""), request.headers.get("x-timestamp", "")
        signed = request.body + stamp.encode("utf-8", "surrogatepass")
        if not same(given.lower(), hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()):
            raise Refused("bad_signature" if given else "no_signature")
        made = moment(stamp) if stamp.isdigit() else None
        if made is None or abs((self._clock() - made).total_seconds()) > TOLERANCE:
            raise Refused("old_signature")

    def _message(self, payload: Mapping[str, Any]) -> Incoming:
        """`messageId` is only a hash and each webhook of the same message has another `id`: sender, text and moment
        tell messages apart."""
        sender, text, at = _sender(payload), need(payload, "message"), need(payload, "receivedAt")
        return self.incoming(sender, text, moment(at), digest(sender, text, at), _text(payload, "recipient"))

    def _picture(self, payload: Mapping[str, Any]) -> Incoming:
        sender, at = _sender(payload), need(payload, "receivedAt")
        key = digest(sender, _text(payload, "transactionId"), at)
        return self.incoming(sender, "", moment(at), key, _text(payload, "recipient"), Kind.PHOTO)

    def _report(self, event: str, payload: Mapping[str, Any]) -> Report:
        reason = _text(payload, "reason").partition(":")[0].strip()
        reason = reason if reason.isascii() and reason.replace("_", "").isalnum() else ""
        return Report(self.name, need(payload, "messageId")[:100], _REPORTS[event], reason[:60])

    async def send(self, outgoing: Outgoing, address: str) -> str:
        """Give one message to the phone and return its id. Raises `TryAgain`, `GiveUp` or `Unreachable`.

        The id is ours, so that a message told twice (its first answer was lost) is refused the second time.
        """
        own_id = outgoing.extra.get("id") or uuid.uuid4().hex
        message = {
            "id": own_id,
            "textMessage": {"text": outgoing.text},
            "phoneNumbers": [address],
            "withDeliveryReport": True,
        }
        url = f"{messages_url(self._settings.android_url)}?skipPhoneValidation=true"
        answer = await self.post(url, json=message, auth=(self._settings.android_user, self._settings.android_password))
        if answer.is_success:
            return _id_of(answer) or own_id
        if answer.status_code == ALREADY_TAKEN:
            return own_id
        if answer.status_code == 404:
            raise TryAgain("android_404")
        raise GiveUp(f"android_{answer.status_code}")


def build(settings: Settings, http: httpx.AsyncClient) -> Android | None:
    """The channel, None when no phone is used. Raises `SetupError` when it is half set up."""
    names = ("android_url", "android_user", "android_password", "android_secret")
    if not configured("SMS Gateway for Android", {name: getattr(settings, name) for name in names}, settings):
        return None
    check_url("android_url", settings.android_url)
    return Android(settings, http)


def messages_url(base: str) -> str:
    """Where messages are posted: a phone takes them at /messages, the cloud below /3rdparty/v1."""
    base = base.rstrip("/")
    if urlsplit(base).hostname == CLOUD and not urlsplit(base).path:
        base += "/3rdparty/v1"
    return base if base.endswith(("/messages", "/message")) else f"{base}/messages"


def _sender(payload: Mapping[str, Any]) -> str:
    return _text(payload, "sender") or need(payload, "phoneNumber")


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""


def _id_of(answer: httpx.Response) -> str:
    try:
        found = answer.json()
        return str(found["id"]) if isinstance(found, dict) and found.get("id") else ""
    except ValueError:
        return ""
