"""The page: one document of some 20 kB with everything in it, and the interface's description. Imports `bot.i18n`.

Style and script are in the document, allowed by a nonce, so that the first paint takes one request on a slow line; the
policy forbids every other source.
"""

import json
import secrets
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from bot.i18n import Locales
from bot.settings import ROOT, Settings
from bot.webchat.routes import wanted_language
from bot.webchat.texts import PAGE

HERE = Path(__file__).parent


class Page:
    """Renders the page in the asker's language."""

    def __init__(self, locales: Locales, settings: Settings) -> None:
        self._locales = locales
        self._settings = settings
        environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
        self._template = environment.get_template("chat.html")
        self._style = (HERE / "static" / "chat.css").read_text(encoding="utf-8")
        self._script = (HERE / "static" / "chat.js").read_text(encoding="utf-8")

    def routes(self) -> list[Route]:
        """The page itself, at / and /chat, and the interface's description."""
        return [
            Route("/", self.show),
            Route("/chat", self.show),
            Route("/openapi.yml", self.describe),
        ]

    async def describe(self, request: Request) -> Response:
        """The OpenAPI description of /api/chat."""
        return FileResponse(ROOT / "docs" / "openapi.yml", media_type="application/yaml")

    async def show(self, request: Request) -> Response:
        """The page."""
        tag = wanted_language(request, self._locales, self._settings.fallback_language)
        nonce = secrets.token_urlsafe(16)
        words = {name: self._locales.say(text, tag, "webchat").text for name, text in PAGE.items()}
        spoken = self._locales.languages[tag]
        html = self._template.render(
            tag=tag,
            direction=spoken.direction,
            languages=list(self._locales.languages.values()),
            words=words,
            settings=self._settings,
            who=words["who"].replace("{centre}", self._settings.centre_name),
            nonce=nonce,
            style=self._style,
            script=self._script,
            data=_embedded({"words": words, "exit": self._settings.quick_exit_url, "tag": tag}),
        )
        return HTMLResponse(html, headers=_headers(nonce))


def _embedded(data: dict[str, Any]) -> str:
    """JSON that can stand inside a script element."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")


def _headers(nonce: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
