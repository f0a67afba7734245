"""The public application: web chat and webhooks. The only listener that the outside may reach."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.public.desk import WebDesk
from bot.public.webhooks import Webhooks
from bot.webchat.page import Page
from bot.webchat.routes import ChatRoutes
from bot.wiring import Desk


def public_app(desk: Desk) -> Starlette:
    """The routes of a desk."""
    web = WebDesk(desk.store, desk.crypt, desk.intake, desk.mailbox)

    async def health(_request: Request) -> JSONResponse:
        """Alive: for whoever watches the machine. Says nothing about anybody."""
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            *Page(desk.locales, desk.settings).routes(),
            *ChatRoutes(web, desk.locales, desk.settings).routes(),
            *Webhooks(desk.channels, desk.intake, desk.reports, desk.settings.public_url).routes(),
            Route("/health", health),
        ]
    )
