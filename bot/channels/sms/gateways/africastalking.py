"""Africa's Talking: unsigned form posts to a path with a secret in, one form post a message out.

Messages, delivery reports and opt-outs all come to the same address and are told apart by their fields. Notifications:
https://developers.africastalking.com/docs/sms/notifications; sending: …/docs/sms/sending/bulk.
Imports `bot.model`, `bot.settings`, the channel contract and what the gateways share.
"""

from collections.abc import Mapping
from typing import Any

import httpx

from bot.channels.base import Parsed, Request
from bot.channels.sms.base import (
    Gateway,
    check_path,
    check_path_secret,
    check_url,
    configured,
    digest,
    fields_of,
    moment,
    need,
)
from bot.model.clock import Clock, utc_now
from bot.model.errors import GiveUp, Malformed, TryAgain, Unreachable
from bot.model.messages import Incoming, Kind, Outgoing, Report, ReportStatus
from bot.settings import Settings

ACCEPTED = frozenset({100, 101, 102})
GONE = frozenset({403, 404, 406})
"""Invalid number, a number that takes no SMS, a person who opted out."""
LATER = frozenset({402, 405, 500, 501})
"""What the operator can mend (sender id, credit) and faults of the gateway. 409 is below."""
AT_NIGHT = 409
"""Nigeria forbids some senders at night: worth another try every hour."""
HOUR = 3600.0

_STATUS = {
    "Success": ReportStatus.DELIVERED,
    "Rejected": ReportStatus.FAILED,
    "Failed": ReportStatus.FAILED,
    "Expired": ReportStatus.FAILED,
}
_GONE_REASONS = frozenset({"userinblacklist", "userdoesnotexist"})


class AfricasTalking(Gateway):
    """One application of Africa's Talking."""

    name = "africastalking"

    def __init__(self, settings: Settings, http: httpx.AsyncClient, clock: Clock = utc_now) -> None:
        super().__init__(settings, http, settings.africastalking_sender, clock)

    def parse(self, request: Request) -> Parsed:
        """A message, a delivery report or an opt-out. Raises `Refused` or `Malformed`."""
        check_path(request.path, self._settings.africastalking_secret)
        if request.method != "POST":
            raise Malformed("not_posted", status=405)
        fields = fields_of(request)
        if "status" in fields:
            return Parsed(reports=(self._report(fields),))
        if "text" in fields:
            return Parsed((self._message(fields),))
        if "senderId" in fields:
            return Parsed((self._opted_out(fields),))
        raise Malformed("unknown_notification")

    def _message(self, fields: Mapping[str, str]) -> Incoming:
        sent_at = moment(fields.get("date", ""))
        to = fields.get("to", "")
        return self.incoming(need(fields, "from"), need(fields, "text"), sent_at, fields.get("id", ""), to)

    def _opted_out(self, fields: Mapping[str, str]) -> Incoming:
        """It carries no id and no date: the day makes it one, so that opting out again another day counts again."""
        phone = need(fields, "phoneNumber")
        key = digest("opt-out", phone, self._clock().date().isoformat())
        return self.incoming(phone, "", None, key, kind=Kind.BLOCKED)

    def _report(self, fields: Mapping[str, str]) -> Report:
        status = _STATUS.get(fields["status"], ReportStatus.ACCEPTED)
        reason = fields.get("failureReason", "")
        reason = reason if reason.isascii() and reason.isalnum() else ""
        gone = status is ReportStatus.FAILED and reason.lower() in _GONE_REASONS
        return Report(self.name, need(fields, "id"), status, reason[:60], unreachable=gone)

    async def send(self, outgoing: Outgoing, address: str) -> str:
        """Send one message and return its id. Raises `TryAgain`, `GiveUp` or `Unreachable`."""
        settings = self._settings
        fields = {"username": settings.africastalking_user, "to": address, "message": outgoing.text}
        if settings.africastalking_sender:
            fields["from"] = settings.africastalking_sender
        url = f"{settings.africastalking_api.rstrip('/')}/version1/messaging"
        headers = {"apiKey": settings.africastalking_key, "Accept": "application/json"}
        answer = await self.post(url, data=fields, headers=headers)
        return _id_of(answer)


def build(settings: Settings, http: httpx.AsyncClient) -> AfricasTalking | None:
    """The channel, None when Africa's Talking is off. Raises `SetupError` when it is half set up."""
    names = ("africastalking_user", "africastalking_key", "africastalking_secret")
    if not configured("Africa's Talking", {name: getattr(settings, name) for name in names}, settings):
        return None
    check_url("africastalking_api", settings.africastalking_api)
    check_path_secret("africastalking_secret", settings.africastalking_secret)
    return AfricasTalking(settings, http)


def _id_of(answer: httpx.Response) -> str:
    """The id of the one message that was sent; the errors of `send()` when it was not."""
    if answer.status_code == AT_NIGHT:
        raise TryAgain("africastalking_409", HOUR)
    if answer.is_client_error:
        raise GiveUp(f"africastalking_{answer.status_code}")
    try:
        data = answer.json()["SMSMessageData"]
        recipients = data["Recipients"]
        recipient: Mapping[str, Any] = recipients[0] if recipients else {"statusCode": _refusal(data["Message"])}
        code = int(recipient["statusCode"])
    except (ValueError, KeyError, TypeError, IndexError):
        raise TryAgain("africastalking_unreadable") from None
    if code in ACCEPTED:
        return str(recipient.get("messageId", ""))
    raise _error(code)


def _refusal(message: object) -> int:
    """Without recipients the reason is a word: the sender id is wrong, or the number is."""
    return 402 if "senderid" in str(message).lower() else 403 if "phonenumber" in str(message).lower() else 407


def _error(code: int) -> TryAgain | GiveUp | Unreachable:
    name = f"africastalking_{code}"
    if code in GONE:
        return Unreachable(name)
    if code in LATER:
        return TryAgain(name)
    return TryAgain(name, HOUR) if code == AT_NIGHT else GiveUp(name)
