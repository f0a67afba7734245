"""The staff application: its pages, files and headers. A listener of its own, which the public never reaches.

Imports the console and `wiring`'s desk.
"""

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.console.base import HEADERS, HERE, Console
from bot.console.views.registry import FEATURES
from bot.wiring import Desk


class Headers:
    """Puts the security headers on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "private, max-age=3600"
            await send(message)

        await self._app(scope, receive, sent)


def staff_app(desk: Desk) -> ASGIApp:
    """The pages of a desk."""
    console = Console(desk)
    routes = [route for feature in FEATURES for route in feature(console).routes()]
    files = Mount("/static", StaticFiles(directory=HERE / "static"))
    return Headers(Starlette(routes=[*routes, files]))
