"""The web chat as a channel: people fetch their replies. Imports `bot.model` and the contract only."""

from bot.channels.terminal import Terminal


class Webchat(Terminal):
    """Text of any length, buttons under it; the page makes links of numbers and addresses."""

    name = "webchat"
