"""The pages of the console, one line each. Imports them all."""

from collections.abc import Callable
from typing import Protocol

from starlette.routing import Route

from bot.console.base import Console
from bot.console.views.audit import AuditPage
from bot.console.views.conversation import ConversationPage
from bot.console.views.events import Events
from bot.console.views.people import PeoplePage
from bot.console.views.queue import QueuePage
from bot.console.views.settings import SettingsPage
from bot.console.views.signin import SignIn


class Feature(Protocol):
    """One page, or several that belong together."""

    def routes(self) -> list[Route]:
        """What it answers to."""
        ...


FEATURES: tuple[Callable[[Console], Feature], ...] = (
    SignIn,
    QueuePage,
    ConversationPage,
    Events,
    PeoplePage,
    SettingsPage,
    AuditPage,
)
