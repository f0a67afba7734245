"""What the SMS gateways share: reading forms and JSON, proving secrets, addresses, and sending over HTTP.

A gateway is a small class on `Gateway`: `parse()` is pure, `send()` the only I/O, and everything fails closed: without
a secret every call is refused. Imports `bot.model`, `bot.settings`, the channel contract and the modules beside it.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from bot.channels.base import Capabilities, Rendered, Request, Words
from bot.channels.sms import numbers
from bot.channels.sms import render as shaping
from bot.model.clock import Clock, utc_now
from bot.model.errors import Malformed, Refused, SetupError, TryAgain
from bot.model.messages import Incoming, Kind, Reply
from bot.settings import Settings

LARGEST_BODY = 100_000
MOST_FIELDS = 200
TIMEOUT = httpx.Timeout(20.0, connect=10.0)
MOST_SEGMENTS = 10
SHORTEST_SECRET = 16
LONGEST_WAIT = 86_400.0


class Gateway:
    """Base of all SMS gateways. `http` belongs to whoever made it and is not closed here."""

    name = ""
    capabilities = Capabilities(sms=True)

    def __init__(self, settings: Settings, http: httpx.AsyncClient, own: str = "", clock: Clock = utc_now) -> None:
        """`own` is the number or sender id that messages leave from."""
        self._settings = settings
        self._http = http
        self._clock = clock
        self._region = numbers.region_of(own) or numbers.region_of(settings.centre_phone)
        phones = (numbers.normalise(each, self._region) for each in (own, settings.centre_phone))
        self._own = frozenset(phone for phone in phones if phone)

    def render(self, reply: Reply, words: Words) -> Rendered:
        """The reply in SMS, see `bot.channels.sms.render`."""
        return shaping.render(reply, words, self._settings.sms_segments)

    async def aclose(self) -> None:
        """Nothing of its own to give back."""

    def incoming(
        self,
        sender: str,
        text: str,
        sent_at: datetime | None,
        gateway_id: str = "",
        to: str = "",
        kind: Kind = Kind.TEXT,
        payload: str | None = None,
    ) -> Incoming:
        """A message, addressed and kinded. Senders that no person can be behind are UNKNOWN: two machines that answer
        each other would never stop. Raises `Malformed` without a sender."""
        address = numbers.normalise(sender, self._region)
        if not address or len(address) > 40:
            raise Malformed("no_sender")
        receiver = numbers.normalise(to, self._region)
        if not numbers.is_person(address) or address in self._own or address == receiver:
            kind, payload = Kind.UNKNOWN, None
        moment = sent_at or self._clock()
        dedupe = gateway_id or digest(address, text, moment.isoformat())
        return Incoming(self.name, address, kind, dedupe[:200], moment, repaired(text), payload)

    async def post(self, url: str, method: str = "POST", **request: Any) -> httpx.Response:
        """Call the gateway and return any answer that says something about this message.

        Raises `TryAgain` for everything that passes or that the operator must mend: network, limits, faults of the
        gateway, bad credentials, a wrong address of the gateway.
        """
        try:
            answer = await self._http.request(method, url, timeout=TIMEOUT, follow_redirects=False, **_whole(request))
        except (httpx.HTTPError, httpx.InvalidURL) as broken:
            raise TryAgain(f"{self.name}_{type(broken).__name__}") from None
        status = answer.status_code
        if status == 429 or status >= 500:
            raise TryAgain(f"{self.name}_{status}", _retry_after(answer, self._clock()))
        if status in {401, 403} or 300 <= status < 400:
            raise TryAgain(f"{self.name}_{status}")
        return answer

    def callback(self, path: str = "") -> str:
        """The URL at which this desk's webhook of the gateway is reached; "" when only the operator could know it."""
        base = self._settings.public_url.rstrip("/")
        return f"{base}/webhooks/{self.name}{path}" if base else ""


def _whole(value: Any) -> Any:
    """The same with every half of a surrogate pair replaced: no gateway can be told one."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value


def form(raw: str | bytes) -> list[tuple[str, str]]:
    """The fields of an urlencoded body or query, UTF-8. Raises `Malformed` for anything else."""
    try:
        plain = raw.decode("ascii") if isinstance(raw, bytes) else raw
        return parse_qsl(plain, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as bad:  # UnicodeDecodeError is one
        raise Malformed("bad_form") from bad


def check_size(request: Request) -> None:
    """Raises `Malformed` for what no SMS can need."""
    if len(request.body) > LARGEST_BODY or len(request.url) > LARGEST_BODY:
        raise Malformed("body_too_large", status=413)


def fields_of(request: Request) -> Mapping[str, str]:
    """The fields of a GET's query or a POST's form; of a repeated one the last. Raises `Malformed`."""
    check_size(request)
    if request.method == "GET":
        return dict(form(_query(request.url)))
    return dict(form(request.body))


def json_of(request: Request) -> dict[str, Any]:
    """A JSON object. Raises `Malformed`."""
    check_size(request)
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError) as bad:
        raise Malformed("bad_json") from bad
    if not isinstance(found, dict):
        raise Malformed("bad_json")
    return found


def need(fields: Mapping[str, Any], name: str) -> str:
    """A field that must be there and be text. Raises `Malformed`."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise Malformed(f"no_{name}")
    return value


def check_path(path: str, secret: str) -> None:
    """Raises `Refused` unless the path is the secret. Constant time."""
    if not secret or not same(path.strip("/"), secret):
        raise Refused("wrong_path_secret" if secret else "no_secret_configured")


def same(left: str, right: str) -> bool:
    """Equality in constant time."""
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))


def digest(*parts: str) -> str:
    """A key for a message that has no id of its own."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return "sha256:" + hashlib.sha256(joined).hexdigest()


def repaired(text: str) -> str:
    """`text` with half emoji (lone surrogates) replaced: a torn character is no reason to lose a message."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def moment(raw: str) -> datetime | None:
    """A date in ISO form or in seconds since 1970, taken as UTC where it names no zone; None when it is neither."""
    try:
        if raw.isascii() and raw.isdigit():
            return datetime.fromtimestamp(int(raw), UTC)
        found = datetime.fromisoformat(raw)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def configured(name: str, needed: Mapping[str, str], settings: Settings) -> bool:
    """False when none of the needed options is set. Raises `SetupError` when only some are, or one makes no sense."""
    if not any(needed.values()):
        return False
    missing = [f"SAFAR_{option.upper()}" for option, value in needed.items() if not value]
    if missing:
        message = f"{name} is only half set up: set {' and '.join(missing)} too, or remove the others."
        raise SetupError(message)
    if not 1 <= settings.sms_segments <= MOST_SEGMENTS:
        message = f"Set SAFAR_SMS_SEGMENTS to a number from 1 to {MOST_SEGMENTS}."
        raise SetupError(message)
    return True


def check_url(option: str, url: str) -> None:
    """Raises `SetupError` unless `url` is one that can be called."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"Set SAFAR_{option.upper()} to a web address that begins with http:// or https://."
        raise SetupError(message)


def check_path_secret(option: str, secret: str) -> None:
    """Raises `SetupError` for a secret that can be guessed or does not fit into a path."""
    plain = secret.replace("-", "").replace("_", "")
    if len(secret) < SHORTEST_SECRET or not (plain.isascii() and plain.isalnum()):
        message = (
            f"Set SAFAR_{option.upper()} to at least {SHORTEST_SECRET} letters, digits, - or _ that nobody can guess."
        )
        raise SetupError(message)


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError as bad:
        raise Malformed("bad_url") from bad


def _retry_after(answer: httpx.Response, now: datetime) -> float | None:
    """Seconds that a gateway asks to wait: it writes seconds or an HTTP date (RFC 9110, 10.2.3)."""
    raw = answer.headers.get("retry-after", "").strip()
    if raw.isascii() and raw.isdigit():
        return min(float(raw[:9]), LONGEST_WAIT)
    try:
        return min(max((parsedate_to_datetime(raw) - now).total_seconds(), 0.0), LONGEST_WAIT)
    except (ValueError, TypeError):
        return None
