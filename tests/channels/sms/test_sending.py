"""Every gateway's send(), against a server on loopback that behaves as the gateway's documentation says."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.channels.sms import base
from bot.channels.sms.base import Gateway
from bot.channels.sms.gateways import africastalking, android, kannel, twilio
from bot.model.errors import GiveUp, SendError, TryAgain, Unreachable
from bot.model.messages import Outgoing
from bot.ports import free_port
from tests.channels.sms import servers
from tests.channels.sms.config import SETTINGS
from tests.channels.sms.servers import Calls

GATEWAYS: dict[str, tuple[Callable[..., Gateway], Callable[[Calls], Starlette], str, str, str]] = {
    "twilio": (twilio.Twilio, servers.twilio, "twilio_api", "", "twilio_token"),
    "africastalking": (
        africastalking.AfricasTalking,
        servers.africastalking,
        "africastalking_api",
        "",
        "africastalking_key",
    ),
    "kannel": (kannel.Kannel, servers.kannel, "kannel_url", "/cgi-bin/sendsms", "kannel_password"),
    "android": (android.Android, servers.android, "android_url", "", "android_password"),
}


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture(params=GATEWAYS)
async def gateway(request: pytest.FixtureRequest, http: httpx.AsyncClient) -> AsyncIterator[tuple[str, Gateway, Calls]]:
    build, serve, option, path, _ = GATEWAYS[request.param]
    calls = Calls(path)
    async with servers.serving(serve(calls), calls):
        yield request.param, build(replace(SETTINGS, **{option: calls.url}), http), calls


async def failure(channel: Gateway, to: str) -> SendError:
    with pytest.raises(SendError) as caught:
        await channel.send(Outgoing("hello"), to)
    assert to not in caught.value.log
    return caught.value


async def test_a_message_leaves_whole(gateway: tuple[str, Gateway, Calls]) -> None:
    _, channel, calls = gateway
    text = "أين أجد المساعدة؟ 🙏 1+1 & more = ؟\n" * 20
    first = await channel.send(Outgoing(text), servers.GOOD)
    second = await channel.send(Outgoing("Call 112."), servers.GOOD)
    assert first
    assert second
    assert first != second
    asked: Any = [a.get("Body") or a.get("message") or a.get("text") or a["textMessage"]["text"] for a in calls.asked]
    assert asked == [text, "Call 112."]


async def test_errors_are_told_apart(gateway: tuple[str, Gateway, Calls], monkeypatch: pytest.MonkeyPatch) -> None:
    name, channel, _ = gateway
    busy = await failure(channel, servers.BUSY)
    assert isinstance(busy, TryAgain)
    assert busy.after == 37
    until = await failure(channel, servers.BUSY_UNTIL)
    assert isinstance(until, TryAgain)
    assert until.after is not None
    assert 60 < until.after <= 91
    assert isinstance(await failure(channel, servers.BROKEN), TryAgain)
    monkeypatch.setattr(base, "TIMEOUT", httpx.Timeout(0.2))
    assert isinstance(await failure(channel, servers.SLOW), TryAgain)
    assert isinstance(await failure(channel, servers.FORBIDDEN), GiveUp)
    expected = Unreachable if name in {"twilio", "africastalking"} else GiveUp
    assert isinstance(await failure(channel, servers.INVALID), expected)


async def test_an_opt_out_ends_it(http: httpx.AsyncClient) -> None:
    for name in ("twilio", "africastalking"):
        build, serve, option, path, _ = GATEWAYS[name]
        calls = Calls(path)
        async with servers.serving(serve(calls), calls):
            assert isinstance(
                await failure(build(replace(SETTINGS, **{option: calls.url}), http), servers.OPTED_OUT), Unreachable
            )


@pytest.mark.parametrize("name", GATEWAYS)
async def test_what_the_operator_can_mend_is_tried_again(name: str, http: httpx.AsyncClient) -> None:
    build, serve, option, path, password = GATEWAYS[name]
    calls = Calls(path)
    async with servers.serving(serve(calls), calls):
        wrong = build(replace(SETTINGS, **{option: calls.url, password: "wrong"}), http)
        assert isinstance(await failure(wrong, servers.GOOD), TryAgain)
    nobody = build(replace(SETTINGS, **{option: f"http://127.0.0.1:{free_port()}{path}"}), http)
    assert isinstance(await failure(nobody, servers.GOOD), TryAgain)


@pytest.mark.parametrize(
    ("name", "number", "after"),
    [
        ("twilio", "+15005550020", None),  # 20429
        ("twilio", servers.GARBLED, None),
        ("africastalking", "+15005550020", None),  # no credit
        ("africastalking", "+15005550021", None),  # a fault of theirs
        ("africastalking", "+15005550022", 3600.0),  # forbidden at night
        ("africastalking", "+15005550023", None),  # the sender id is wrong
        ("africastalking", servers.GARBLED, None),
        ("kannel", "+15005550020", None),
    ],
)
async def test_gateways_have_their_own_ways_to_say_later(
    name: str, number: str, after: float | None, http: httpx.AsyncClient
) -> None:
    build, serve, option, path, _ = GATEWAYS[name]
    calls = Calls(path)
    async with servers.serving(serve(calls), calls):
        error = await failure(build(replace(SETTINGS, **{option: calls.url}), http), number)
    assert isinstance(error, TryAgain)
    assert error.after == after


async def test_twilio_is_told_where_to_report_and_from_what_to_send(http: httpx.AsyncClient) -> None:
    calls = Calls("")
    async with servers.serving(servers.twilio(calls), calls):
        for sender, url in (("+447700900123", "https://safar.example/"), ("MG00000000000000000000000000000000", "")):
            options = replace(SETTINGS, twilio_api=calls.url, twilio_sender=sender, public_url=url)
            await twilio.Twilio(options, http).send(Outgoing("hi"), servers.GOOD)
    number, service = calls.asked
    assert number == {
        "To": servers.GOOD,
        "Body": "hi",
        "From": "+447700900123",
        "StatusCallback": "https://safar.example/webhooks/twilio",
    }
    assert service == {"To": servers.GOOD, "Body": "hi", "MessagingServiceSid": "MG00000000000000000000000000000000"}


async def test_kannel_is_told_coding_and_where_to_report(http: httpx.AsyncClient) -> None:
    calls = Calls("/cgi-bin/sendsms")
    async with servers.serving(servers.kannel(calls), calls):
        local = kannel.Kannel(replace(SETTINGS, kannel_url=calls.url, public_url="", web_host="0.0.0.0"), http)
        first = await local.send(Outgoing("Call 112 {€}"), servers.GOOD)
        await local.send(Outgoing("مرحبا"), servers.GARBLED)
    assert [asked["coding"] for asked in calls.asked] == ["0", "2"]
    assert calls.asked[0]["dlr-mask"] == "27"
    where = "http://127.0.0.1:8080/webhooks/kannel/a-secret-path-for-kannel"
    assert calls.asked[0]["dlr-url"] == f"{where}?id={first}&report=%d"


async def test_a_phone_does_not_take_a_message_twice(http: httpx.AsyncClient) -> None:
    calls = Calls("")
    async with servers.serving(servers.android(calls), calls):
        phone = android.Android(replace(SETTINGS, android_url=calls.url), http)
        same = Outgoing("hi", extra={"id": "piece-1"})
        assert [await phone.send(same, servers.GOOD) for _ in range(2)] == ["piece-1", "piece-1"]
    assert calls.asked[0]["withDeliveryReport"] is True
    assert calls.asked[0]["query"] == "skipPhoneValidation=true"


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://10.0.0.7:8080", "http://10.0.0.7:8080/messages"),
        ("http://10.0.0.7:8080/message", "http://10.0.0.7:8080/message"),
        ("https://api.sms-gate.app", "https://api.sms-gate.app/3rdparty/v1/messages"),
        ("https://api.sms-gate.app/3rdparty/v1/", "https://api.sms-gate.app/3rdparty/v1/messages"),
        ("https://sms.centre.example/api/3rdparty/v1", "https://sms.centre.example/api/3rdparty/v1/messages"),
    ],
)
def test_where_a_phone_takes_messages(base_url: str, expected: str) -> None:
    assert android.messages_url(base_url) == expected


async def test_half_an_emoji_is_no_crash(gateway: tuple[str, Gateway, Calls]) -> None:
    _, channel, calls = gateway
    await channel.send(Outgoing("help \ud83d"), servers.GOOD)
    assert len(calls.asked) == 1
