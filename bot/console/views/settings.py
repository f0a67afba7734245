"""My settings: language, sound, password, second step. Imports `console.base` and `console.accounts`."""

import pyotp
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import accounts
from bot.console.base import Console, Problem, Visit
from bot.console.views.signin import enrolled, picture
from bot.storage.repositories import cases, staff


class SettingsPage:
    """What everybody may change of their own."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._store = console.desk.store

    def routes(self) -> list[Route]:
        """For the staff application."""
        guarded = self._console.guarded
        return [
            Route("/me", guarded(self.show)),
            Route("/me", guarded(self.save), methods=["POST"]),
            Route("/me/password", guarded(self.password), methods=["POST"]),
            Route("/me/second-step", guarded(self.second_step), methods=["POST"]),
        ]

    async def show(self, visit: Visit, said: str = "", status: int = 200) -> Response:
        """The page."""
        account = await self._store.read(lambda db: staff.account_of(db, visit.by.id))
        has = account is not None and account.second_factor is not None
        secret = "" if has else visit.form.get("secret") or pyotp.random_base32()
        return self._console.page(
            visit,
            "settings.html",
            status,
            languages=self._console.desk.locales.languages,
            has_second=has,
            secret=secret,
            picture=picture(secret, visit.by.email) if secret else "",
            said=said,
        )

    async def save(self, visit: Visit) -> Response:
        """Language and sound."""
        tag = visit.form.get("language", "")
        if tag not in self._console.desk.locales.languages:
            raise Problem("bad_value", field="language")
        sound = visit.form.get("sound") == "yes"
        await self._store.write(lambda db: staff.change(db, visit.by.id, page_language=tag, sound=sound))
        return RedirectResponse("/me", 303)

    async def password(self, visit: Visit) -> Response:
        """A new password; every other session ends."""
        account = await self._store.read(lambda db: staff.account_of(db, visit.by.id))
        old, new = visit.form.get("old", ""), visit.form.get("new", "")
        stored = account.password if account else None
        if not await self._console.slowly(lambda: accounts.fits(old, stored)):
            raise Problem("wrong_password", 403)
        kept = await self._console.slowly(lambda: accounts.hashed(new))

        def write(db: Connection) -> None:
            staff.change(db, visit.by.id, password=kept)
            staff.end_sessions(db, visit.by.id, visit.session.digest)
            cases.record(db, visit.by.id, "password_set", visit.by.id, "", visit.now)

        await self._store.write(write)
        return await self.show(visit, self._console.words(visit.by.page_language)["saved"])

    async def second_step(self, visit: Visit) -> Response:
        """Set up the second step."""
        if await enrolled(self._console, visit, visit.form.get("secret", "")):
            return RedirectResponse("/me", 303)
        return await self.show(visit, self._console.sentence("wrong_code", visit.by.page_language, {}), 401)
