"""What every page of the console shares: who is signed in, words, forms, rendering. Imports `console`, `wiring`'s desk.

A form is taken only with the session's own token and from our own pages; what is sent is small and UTF-8.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, FileSystemLoader
from sqlalchemy.exc import IntegrityError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.console import accounts
from bot.console.presence import Presence
from bot.console.texts import PROBLEMS, WORDS
from bot.handoff import policy
from bot.handoff.policy import Action
from bot.model.cases import HandoffError, NotAllowed, Staff
from bot.model.clock import utc_now
from bot.storage.repositories import staff
from bot.storage.repositories.queue import Sight, sight
from bot.storage.repositories.staff import Session
from bot.webchat.routes import wanted_language
from bot.wiring import Desk

HERE = Path(__file__).parent
COOKIE = "safar_staff"
LARGEST_FORM = 64_000
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}


class Problem(Exception):
    """A request that is refused with a sentence of `PROBLEMS`."""

    def __init__(self, name: str, status: int = 400, **values: object) -> None:
        super().__init__(name)
        self.name, self.status, self.values = name, status, values


@dataclass(frozen=True)
class Visit:
    """One request of somebody who is signed in."""

    request: Request
    session: Session
    by: Staff
    form: Mapping[str, str]
    now: datetime

    @property
    def sight(self) -> Sight:
        """Which cases they may read."""
        return sight(self.by)


View = Callable[[Visit], Awaitable[Response]]


class Console:
    """The desk as its pages need it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.presence = Presence()
        self._templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
        settings = desk.settings
        self._longest = timedelta(hours=settings.staff_hours)
        self._quiet = timedelta(minutes=settings.staff_quiet)
        self._secure = settings.staff_url.startswith("https://")

    def guarded(self, view: View, action: Action | None = None, complete: bool = True) -> Any:
        """A view for those who are signed in (`complete`: both steps) and whose role allows `action`."""

        async def call(request: Request) -> Response:
            try:
                visit = await self._visit(request, complete)
                if visit is None:
                    return self.leave(request)
                if action is not None and not policy.may(visit.by, action):
                    raise NotAllowed
                return await view(visit)
            except (Problem, HandoffError, IntegrityError) as problem:
                return self.problem(request, problem)

        return call

    def open(self, view: Callable[[Request, Mapping[str, str]], Awaitable[Response]]) -> Any:
        """A view for everybody: signing in."""

        async def call(request: Request) -> Response:
            try:
                return await view(request, await _form(request))
            except (Problem, HandoffError) as problem:
                return self.problem(request, problem)

        return call

    async def _visit(self, request: Request, complete: bool) -> Visit | None:
        now = utc_now()
        key = request.cookies.get(COOKIE, "")
        store = self.desk.store
        found = await store.read(lambda db: accounts.current(db, key, now, self._longest, self._quiet)) if key else None
        if found is None or (complete and not found[0].complete):
            return None
        session, by = found
        form = await _form(request)
        if request.method == "POST" and form.get("token") != session.form_token:
            raise Problem("old_page", 403)
        if now - session.last_at > timedelta(minutes=1) and not request.url.path.startswith("/events"):
            await store.write(lambda db: staff.change_session(db, session.digest, last_at=now))
        return Visit(request, session, by, form, now)

    def leave(self, request: Request) -> Response:
        """To the page for signing in."""
        if request.headers.get("hx-request"):
            return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
        return RedirectResponse("/sign-in", 303)

    def enter(self, key: str, to: str) -> Response:
        """On to a page, with the session's key."""
        response = RedirectResponse(to, 303)
        response.set_cookie(
            COOKIE,
            key,
            httponly=True,
            samesite="strict",
            secure=self._secure,
            max_age=int(self._longest.total_seconds()),
        )
        return response

    def page(self, visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
        """A page for somebody who is signed in."""
        tag = visit.by.page_language
        more = {"by": visit.by, "token": visit.session.form_token, "may": lambda a: policy.may(visit.by, Action(a))}
        return self.render(template, tag, status, now=visit.now, path=visit.request.url.path, **more, **values)

    def render(self, template: str, tag: str, status: int = 200, **values: Any) -> Response:
        """A page in a language."""
        spoken = self.desk.locales.languages.get(tag) or self.desk.locales.languages["en"]
        html = self._templates.get_template(template).render(
            w=self.words(spoken.tag), tag=spoken.tag, direction=spoken.direction, **{"by": None, **values}
        )
        return HTMLResponse(html, status)

    @lru_cache(maxsize=64)  # noqa: B019 - one console lives as long as its process
    def words(self, tag: str) -> Mapping[str, str]:
        """The words of the console in a language."""
        return {name: self.desk.locales.say(text, tag, "console").text for name, text in WORDS.items()}

    def sentence(self, name: str, tag: str, values: Mapping[str, object]) -> str:
        """What went wrong, in a language."""
        text = self.desk.locales.say(PROBLEMS.get(name, PROBLEMS["failed"]), tag, "console").text
        for key, value in values.items():
            text = text.replace("{" + key + "}", str(value))
        return text

    def problem(self, request: Request, problem: Exception) -> Response:
        """What went wrong, as a sentence on a page (or alone, where a part of a page was asked for)."""
        name, status, values = "failed", 400, dict[str, object]()
        if isinstance(problem, Problem):
            name, status, values = problem.name, problem.status, problem.values
        elif isinstance(problem, HandoffError):
            name, values = problem.name, dict(problem.values)
            status = {"not_found": 404, "not_allowed": 403, "already_claimed": 409}.get(name, 400)
        elif isinstance(problem, IntegrityError):
            name, status = "taken", 409
        tag = self.language(request)
        said = self.sentence(name, tag, values)
        if request.headers.get("hx-request"):
            return HTMLResponse(said, status, headers={"Content-Type": "text/plain; charset=utf-8"})
        return self.render("problem.html", tag, status, said=said)

    def language(self, request: Request) -> str:
        """The language of somebody of whom nothing is known but their browser."""
        return wanted_language(request, self.desk.locales, self.desk.settings.fallback_language)

    async def slowly(self, work: Callable[[], Any]) -> Any:
        """Work that takes the processor for a while, beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(None, work)


async def _form(request: Request) -> Mapping[str, str]:
    """The fields of a form. Raises `Problem` for what is too large, of another kind, or from another site."""
    if request.method != "POST":
        return {}
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Problem("old_page", 403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise Problem("too_large", 413)
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100))
    except ValueError as bad:
        raise Problem("failed") from bad
