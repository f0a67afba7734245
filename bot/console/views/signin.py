"""Signing in and out, the second step, invitations. Imports `console.base` and `console.accounts`."""

import secrets
from collections.abc import Mapping

import pyotp
import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import accounts
from bot.console.accounts import Refused
from bot.console.base import COOKIE, Console, Problem, Visit
from bot.model.clock import utc_now
from bot.storage.repositories import cases, staff

ISSUER = "Safar"


class SignIn:
    """The pages before the others."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._store = console.desk.store
        self._crypt = console.desk.crypt

    def routes(self) -> list[Route]:
        """For the staff application."""
        c = self._console
        return [
            Route("/sign-in", c.open(self.sign_in), methods=["GET", "POST"]),
            Route("/second-step", c.guarded(self.second_step, complete=False), methods=["GET", "POST"]),
            Route("/sign-out", c.guarded(self.sign_out, complete=False), methods=["POST"]),
            Route("/invitation/{key}", c.open(self.invitation), methods=["GET", "POST"]),
        ]

    async def sign_in(self, request: Request, form: Mapping[str, str]) -> Response:
        """By e-mail address and password."""
        tag = self._console.language(request)
        if request.method == "GET":
            return self._console.render("sign_in.html", tag)
        email, password = form.get("email", ""), form.get("password", "")
        account = await self._store.read(lambda db: staff.account(db, email))
        stored = account.password if account else None
        correct = await self._console.slowly(lambda: accounts.fits(password, stored))
        now = utc_now()
        result = await self._store.write(lambda db: accounts.sign_in(db, email, correct, now))
        if isinstance(result, Refused):
            name = "wait" if result.wait else "wrong_password"
            said = self._console.sentence(name, tag, {"seconds": result.wait})
            return self._console.render("sign_in.html", tag, 429 if result.wait else 401, said=said, email=email)
        return self._console.enter(result.key, "/" if result.complete else "/second-step")

    async def second_step(self, visit: Visit) -> Response:
        """The code of an authenticator app; or setting one up, for those who must have it."""
        account = await self._store.read(lambda db: staff.account_of(db, visit.by.id))
        if account is None or visit.session.complete:
            return RedirectResponse("/", 303)
        if account.second_factor is None:
            return await self._enrol(visit)
        if visit.request.method == "GET":
            return self._console.page(visit, "second_step.html")
        code = visit.form.get("code", "")
        right = await self._store.write(
            lambda db: accounts.second_step(db, self._crypt, visit.session, code, visit.now)
        )
        if right:
            return RedirectResponse("/", 303)
        said = self._console.sentence("wrong_code", visit.by.page_language, {})
        return self._console.page(visit, "second_step.html", 401, said=said)

    async def _enrol(self, visit: Visit) -> Response:
        secret = visit.form.get("secret") or pyotp.random_base32()
        if visit.request.method == "POST" and await enrolled(self._console, visit, secret):
            await self._store.write(lambda db: staff.change_session(db, visit.session.digest, complete=True))
            return RedirectResponse("/", 303)
        said = ""
        if visit.request.method == "POST":
            said = self._console.sentence("wrong_code", visit.by.page_language, {})
        return self._console.page(
            visit, "enrol.html", 401 if said else 200, secret=secret, picture=picture(secret, visit.by.email), said=said
        )

    async def sign_out(self, visit: Visit) -> Response:
        """End the session."""

        def write(db: object) -> None:
            staff.end_session(db, visit.session.digest)  # type: ignore[arg-type]
            cases.record(db, visit.by.id, "signed_out", None, "", visit.now)  # type: ignore[arg-type]

        await self._store.write(write)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    async def invitation(self, request: Request, form: Mapping[str, str]) -> Response:
        """Set the first password, or a new one."""
        tag, key = self._console.language(request), request.path_params["key"]
        now = utc_now()
        account = await self._store.read(lambda db: staff.invited(db, accounts.digest(key)))
        if account is None or account.invited_until is None or account.invited_until < now:
            raise Problem("old_link", 410)
        if request.method == "GET":
            return self._console.render("invitation.html", tag, email=account.staff.email)
        password = form.get("password", "")
        kept = await self._console.slowly(lambda: accounts.hashed(password))
        if await self._store.write(lambda db: accounts.accept(db, key, kept, now)) is None:
            raise Problem("old_link", 410)
        return RedirectResponse("/sign-in", 303)


async def enrolled(console: Console, visit: Visit, secret: str) -> bool:
    """Was the second factor `secret` proved by the code of the form, and kept?"""
    code = visit.form.get("code", "")
    if len(secret) != len(pyotp.random_base32()) or not secret.isalnum():
        return False
    crypt = console.desk.crypt
    return await console.desk.store.write(lambda db: accounts.enrol(db, crypt, visit.by.id, secret, code, visit.now))


def picture(secret: str, email: str) -> str:
    """The QR code of a second factor, as a data address."""
    uri = pyotp.TOTP(secret).provisioning_uri(email, issuer_name=ISSUER)
    return segno.make(uri, micro=False).svg_data_uri(scale=5, border=2, light="#fff")


def once() -> str:
    """A key for a form that must be taken once however often it is sent."""
    return secrets.token_urlsafe(16)
