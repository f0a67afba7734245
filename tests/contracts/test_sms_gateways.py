"""What every SMS gateway must do, over recorded webhook calls and over whatever Hypothesis can think of."""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.base import Parsed, Request, Words
from bot.channels.sms.base import Gateway
from bot.channels.sms.gateways import africastalking, android, kannel, twilio
from bot.model.errors import Malformed, Refused, SetupError
from bot.model.messages import Reply
from bot.settings import Settings
from tests.channels.sms.config import SETTINGS

PAYLOADS = Path(__file__).parent.parent / "payloads"
MODULES: dict[str, ModuleType] = {m.__name__.rpartition(".")[2]: m for m in (africastalking, android, kannel, twilio)}
CLASSES: dict[str, Callable[..., Gateway]] = {
    "africastalking": africastalking.AfricasTalking,
    "android": android.Android,
    "kannel": kannel.Kannel,
    "twilio": twilio.Twilio,
}
SECRETS = {
    "africastalking": "africastalking_secret",
    "android": "android_secret",
    "kannel": "kannel_secret",
    "twilio": "twilio_token",
}
NOW = datetime.fromisoformat("2026-03-04T10:30:00+00:00")
RECORDED = sorted((path.parent.name, path.stem) for name in MODULES for path in (PAYLOADS / name).glob("*.json"))
EVERYWHERE = {"message", "duplicate", "bad_signature", "missing_signature", "report_delivered", "long", "unicode"}


def channel(name: str, options: Settings = SETTINGS) -> Gateway:
    return CLASSES[name](options, httpx.AsyncClient(), clock=lambda: NOW)


def recorded(name: str, case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PAYLOADS / name / f"{case}.json").read_text(encoding="utf-8"))
    return found


def request_of(payload: dict[str, Any]) -> Request:
    raw = payload["request"]
    return Request(raw["method"], raw["url"], raw["path"], raw["headers"], raw["body"].encode("utf-8"))


@pytest.mark.parametrize(("name", "case"), RECORDED)
def test_reads_what_was_recorded(name: str, case: str) -> None:
    payload = recorded(name, case)
    expect = payload["expect"]
    if "error" in expect:
        error = {"Refused": Refused, "Malformed": Malformed}[expect["error"]]
        with pytest.raises(error) as caught:
            channel(name).parse(request_of(payload))
        assert caught.value.log == expect.get("log", caught.value.log)
        assert getattr(caught.value, "status", None) == expect.get("status", getattr(caught.value, "status", None))
        return
    _check(channel(name).parse(request_of(payload)), expect)
    for key, equal in (("same_as", True), ("other_than", False)):
        if key in payload:
            other = channel(name).parse(request_of(recorded(name, payload[key]))).messages[0].dedupe
            assert (channel(name).parse(request_of(payload)).messages[0].dedupe == other) is equal


def _check(parsed: Parsed, expect: dict[str, Any]) -> None:
    assert len(parsed.messages) == len(expect.get("messages", ()))
    assert len(parsed.reports) == len(expect.get("reports", ()))
    for found, wanted in zip(
        [*parsed.messages, *parsed.reports], [*expect.get("messages", ()), *expect.get("reports", ())], strict=True
    ):
        for field, value in wanted.items():
            got = getattr(found, field)
            assert (got.isoformat() if isinstance(got, datetime) else got) == value, field
    for field in ("body", "content_type"):
        assert getattr(parsed, field) == expect.get(field, getattr(parsed, field))


@pytest.mark.parametrize("name", MODULES)
def test_the_important_cases_are_recorded(name: str) -> None:
    assert {case for gateway, case in RECORDED if gateway == name} >= EVERYWHERE


@pytest.mark.parametrize(("name", "case"), RECORDED)
def test_without_a_secret_everybody_is_refused(name: str, case: str) -> None:
    closed = channel(name, replace(SETTINGS, **{SECRETS[name]: ""}))
    with pytest.raises(Refused):
        closed.parse(request_of(recorded(name, case)))
    empty_path = replace(request_of(recorded(name, case)), path="/")
    with pytest.raises(Refused):
        closed.parse(empty_path)


@pytest.mark.parametrize("name", MODULES)
def test_half_a_setup_is_an_error_and_none_is_none(name: str) -> None:
    build = MODULES[name].build
    http = httpx.AsyncClient()
    assert build(Settings(), http) is None
    assert build(SETTINGS, http).name == name
    needed = [
        option
        for option in vars(SETTINGS)
        if option.startswith(f"{name}_") and not option.endswith("_api") and option not in {"kannel_sender"}
    ]
    needed = [option for option in needed if option != "africastalking_sender"]
    for missing in needed:
        with pytest.raises(SetupError, match=missing.upper()):
            build(replace(SETTINGS, **{missing: ""}), http)
    with pytest.raises(SetupError, match="SAFAR_SMS_SEGMENTS"):
        build(replace(SETTINGS, sms_segments=0), http)


@pytest.mark.parametrize("name", ["africastalking", "kannel"])
@pytest.mark.parametrize("secret", ["short", "with/slash/in/the/path", "with a space in it", "geheimnis-mit-ü-drin"])
def test_a_path_secret_must_be_good(name: str, secret: str) -> None:
    with pytest.raises(SetupError, match=f"SAFAR_{name.upper()}_SECRET"):
        MODULES[name].build(replace(SETTINGS, **{f"{name}_secret": secret}), httpx.AsyncClient())


@pytest.mark.parametrize("option", ["twilio_api", "africastalking_api", "kannel_url", "android_url"])
def test_an_address_must_be_one(option: str) -> None:
    with pytest.raises(SetupError, match=f"SAFAR_{option.upper()}"):
        MODULES[option.partition("_")[0]].build(replace(SETTINGS, **{option: "10.0.0.7:8080"}), httpx.AsyncClient())


@pytest.mark.parametrize("name", MODULES)
def test_renders_within_its_budget(name: str) -> None:
    rendered = channel(name).render(Reply("A sentence. " * 100, "en"), Words())
    assert [piece.segments <= SETTINGS.sms_segments for piece in rendered.pieces] == [True]
    assert rendered.rest


def _proved(name: str, body: bytes, query: str) -> Request:
    """A call with a good signature or secret around whatever is in it."""
    url = f"https://safar.example/webhooks/{name}"
    if name == "twilio":
        try:
            pairs = twilio.form(body)
        except Malformed:
            pairs = []
        signature = twilio.signatures(SETTINGS.twilio_token, url, pairs)[0]
        return Request("POST", url, "", {"x-twilio-signature": signature}, body)
    if name == "android":
        stamp = str(int(NOW.timestamp()))
        signed = hmac.new(SETTINGS.android_secret.encode(), body + stamp.encode(), hashlib.sha256).hexdigest()
        return Request("POST", url, "", {"x-signature": signed, "x-timestamp": stamp}, body)
    path = "/" + getattr(SETTINGS, SECRETS[name])
    method = "GET" if name == "kannel" and query else "POST"
    return Request(method, f"{url}{path}{query and '?' + query}", path, {}, body)


NAMES = [
    "from",
    "to",
    "text",
    "id",
    "date",
    "linkId",
    "status",
    "phoneNumber",
    "senderId",
    "failureReason",
    "report",
    "coding",
    "at",
    "From",
    "To",
    "Body",
    "MessageSid",
    "SmsSid",
    "MessageStatus",
    "ErrorCode",
    "NumMedia",
    "OptOutType",
]
VALUES = st.one_of(
    st.text(max_size=30), st.sampled_from(["+9779841234567", "1", "99999999999999999999", "STOP", "Failed"])
)
FORMS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=10).map(
    lambda fields: urlencode(fields, errors="surrogatepass").encode()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.sampled_from(["sms:received", "mms:received", "sms:failed", "sms:delivered", "system:ping"]) | JSON
PAYLOAD_KEYS = st.sampled_from(["message", "sender", "phoneNumber", "receivedAt", "messageId", "reason", "recipient"])
CALLS = st.fixed_dictionaries({"event": EVENTS, "payload": st.dictionaries(PAYLOAD_KEYS, VALUES | JSON) | JSON})
BODIES = st.one_of(
    st.binary(max_size=200),
    FORMS,
    CALLS.map(lambda call: json.dumps(call).encode()),
    JSON.map(lambda j: json.dumps(j).encode()),
)


@pytest.mark.parametrize("name", MODULES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=BODIES, query=st.one_of(st.just(""), FORMS.map(bytes.decode), st.text(max_size=40)))
def test_whatever_comes_is_read_or_malformed(name: str, body: bytes, query: str) -> None:
    try:
        parsed = channel(name).parse(_proved(name, body, query))
    except (Malformed, Refused):
        return
    for message in parsed.messages:
        assert message.address
        assert 0 < len(message.dedupe) <= 200
        message.text.encode("utf-8")
        message.address.encode("utf-8")
    for report in parsed.reports:
        assert report.reason.isascii()


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"text=" + b"a" * 1_000_000, b"{" * 100_000, b"&" * 90_000, b"a=1&" * 300]
)
def test_hopeless_bodies_are_malformed(name: str, body: bytes) -> None:
    with pytest.raises((Malformed, Refused)):
        channel(name).parse(_proved(name, body, ""))


@pytest.mark.parametrize("name", MODULES)
@settings(max_examples=50, deadline=None)
@given(header=st.text(max_size=40), path=st.text(max_size=40), url=st.text(max_size=60))
def test_nobody_guesses_a_secret(name: str, header: str, path: str, url: str) -> None:
    headers = {"x-twilio-signature": header, "x-signature": header, "x-timestamp": header}
    with pytest.raises((Malformed, Refused)):
        channel(name).parse(Request("POST", url, path, headers, b"From=1&Body=x&MessageSid=1"))
