"""Every channel that Safar knows, one line each. A channel that is not configured is not there."""

from collections.abc import Mapping

import httpx

from bot.channels import telegram
from bot.channels.base import Channel
from bot.channels.sms.gateways import africastalking, android, kannel, twilio
from bot.channels.terminal import Terminal
from bot.channels.webchat import Webchat
from bot.settings import Settings


def build_all(settings: Settings, http: httpx.AsyncClient) -> Mapping[str, Channel]:
    """The channels that are switched on, by name. Raises `SetupError` for one that is half configured."""
    built: tuple[Channel | None, ...] = (
        Webchat(),
        Terminal(),
        telegram.build(settings),
        twilio.build(settings, http),
        africastalking.build(settings, http),
        kannel.build(settings, http),
        android.build(settings, http),
    )
    return {channel.name: channel for channel in built if channel is not None}
