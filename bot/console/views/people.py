"""Centres and staff: who works where, in which languages, when. Administrators change them. Imports `console.base`."""

from collections.abc import Mapping
from datetime import date, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from bot.console import accounts
from bot.console.base import Console, Problem, Visit
from bot.handoff import policy
from bot.handoff.policy import Action
from bot.model.cases import Centre, Role, Staff
from bot.storage.repositories import cases, staff
from bot.storage.repositories.conversations import new_id


class PeoplePage:
    """One page for both."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._store = console.desk.store

    def routes(self) -> list[Route]:
        """For the staff application."""
        guarded = self._console.guarded
        return [
            Route("/people", guarded(self.show)),
            Route("/people/staff/{id}", guarded(self.save_staff, Action.MANAGE_STAFF), methods=["POST"]),
            Route("/people/staff/{id}/link", guarded(self.link, Action.MANAGE_STAFF), methods=["POST"]),
            Route("/people/centres/{id}", guarded(self.save_centre, Action.MANAGE_CENTRES), methods=["POST"]),
        ]

    async def show(self, visit: Visit, link: str = "", saved: bool = False) -> Response:
        """Everybody."""
        return self._console.page(
            visit,
            "people.html",
            staff=await self._store.read(staff.everybody),
            centres=await self._store.read(staff.all_centres),
            roles=list(Role),
            hours_of=hours_text,
            link=link,
            saved=saved,
        )

    async def save_staff(self, visit: Visit) -> Response:
        """A new colleague (id "new"), who gets a link to set a password, or changes to one."""
        staff_id = visit.request.path_params["id"][:32]
        new = staff_id == "new"
        one = _staff(visit.form, new_id() if new else staff_id)
        centres = {centre.id for centre in await self._store.read(staff.all_centres)}
        if one.centre_id is not None and one.centre_id not in centres:
            raise Problem("bad_value", field="centre")
        if one.id == visit.by.id and (one.role is not visit.by.role or not one.active):
            raise Problem("not_allowed", 403)  # an administrator can't lock themselves out

        def write(db: Connection) -> str:
            if new:
                staff.add(db, one, visit.now)
            elif staff.get(db, one.id) is None:
                raise Problem("not_found", 404)
            else:
                _change(db, one)
                if not one.active or not policy.may(one, Action.CLAIM):
                    self._console.desk.handoff.commands.leave(db, one, visit.now)
            cases.record(db, visit.by.id, "staff_added" if new else "staff_changed", one.id, one.role, visit.now)
            return accounts.invite(db, one.id, visit.now) if new else ""

        key = await self._store.write(write)
        return await self.show(visit, self._address(visit, key), saved=True)

    async def link(self, visit: Visit) -> Response:
        """A new link to set a password: for somebody who has lost theirs, or the authenticator app."""
        staff_id = visit.request.path_params["id"][:32]

        def write(db: Connection) -> str:
            if staff.get(db, staff_id) is None:
                raise Problem("not_found", 404)
            staff.change(db, staff_id, second_factor=None, last_step=None)
            staff.end_sessions(db, staff_id, visit.session.digest)
            cases.record(db, visit.by.id, "invited", staff_id, "", visit.now)
            return accounts.invite(db, staff_id, visit.now)

        return await self.show(visit, self._address(visit, await self._store.write(write)))

    def _address(self, visit: Visit, key: str) -> str:
        base = self._console.desk.settings.staff_url or str(visit.request.base_url)
        return f"{base.rstrip('/')}/invitation/{key}" if key else ""

    async def save_centre(self, visit: Visit) -> Response:
        """A new centre (id "new"), or changes to one."""
        centre_id = visit.request.path_params["id"][:32]
        one = _centre(visit.form, new_id() if centre_id == "new" else centre_id)

        def write(db: Connection) -> None:
            staff.save_centre(db, one)
            cases.record(db, visit.by.id, "centre_saved", one.id, one.name, visit.now)

        await self._store.write(write)
        return await self.show(visit, saved=True)


def _change(db: Connection, one: Staff) -> None:
    values = {"name": one.name, "email": one.email, "role": one.role.value, "languages": list(one.languages)}
    staff.change(db, one.id, **values, centre_id=one.centre_id, active=one.active)
    if not one.active:
        staff.end_sessions(db, one.id)


def _staff(form: Mapping[str, str], staff_id: str) -> Staff:
    name, email = form.get("name", "").strip(), form.get("email", "").strip().lower()
    if not 0 < len(name) <= 80:
        raise Problem("bad_value", field="name")
    if not 3 <= len(email) <= 254 or "@" not in email[1:-1] or any(c.isspace() for c in email):
        raise Problem("bad_value", field="email")
    if form.get("role") not in set(Role):
        raise Problem("bad_value", field="role")
    return Staff(
        id=staff_id,
        name=name,
        role=Role(form["role"]),
        languages=_codes(form.get("languages", ""), "languages", str.lower),
        centre_id=form.get("centre") or None,
        email=email,
        active=form.get("active") == "yes",
    )


def _codes(raw: str, field: str, case: object) -> tuple[str, ...]:
    """Codes with commas between them."""
    found = [part.strip() for part in raw.split(",") if part.strip()]
    if len(found) > 250 or any(len(code) > 12 or not code.replace("-", "").isalnum() for code in found):
        raise Problem("bad_value", field=field)
    return tuple(dict.fromkeys(case(code) for code in found))  # type: ignore[operator]


def _centre(form: Mapping[str, str], centre_id: str) -> Centre:
    name, zone = form.get("name", "").strip(), form.get("timezone", "").strip()
    if not 0 < len(name) <= 120:
        raise Problem("bad_value", field="name")
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as bad:
        raise Problem("bad_value", field="timezone") from bad
    countries = frozenset(_codes(form.get("countries", ""), "countries", str.upper))
    return Centre(centre_id, name, zone, _hours(form.get("hours", "")), _holidays(form.get("holidays", "")), countries)


def _hours(raw: str) -> dict[int, tuple[tuple[str, str], ...]]:
    """Lines such as "0 09:00-12:30 13:30-17:00"."""
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    for line in filter(str.strip, raw.splitlines()):
        try:
            day, *spans = line.split()
            pairs = [span.partition("-")[::2] for span in spans]
            for opens, closes in pairs:
                time.fromisoformat(opens)
                time.fromisoformat("00:00" if closes == "24:00" else closes)
            if int(day) not in range(7):
                raise ValueError(day)
        except ValueError as bad:
            raise Problem("bad_value", field=f"hours: {line[:40]}") from bad
        found[int(day)] = tuple(pairs)
    return found


def _holidays(raw: str) -> frozenset[date]:
    try:
        return frozenset(date.fromisoformat(line.strip()) for line in raw.splitlines() if line.strip())
    except ValueError as bad:
        raise Problem("bad_value", field="holidays") from bad


def hours_text(centre: Centre) -> str:
    """Opening hours as the form takes them."""
    lines = (f"{day} {' '.join('-'.join(span) for span in spans)}" for day, spans in sorted(centre.hours.items()))
    return "\n".join(lines)
