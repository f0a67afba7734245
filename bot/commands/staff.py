"""`safar staff`: the first administrator, and a way in when nobody can sign in any more.

The command prints a link by which the colleague sets a password; no password is ever typed into a shell.
"""

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.console import accounts
from bot.model.cases import Centre, Role, Staff
from bot.model.clock import utc_now
from bot.model.errors import SetupError
from bot.settings import Settings, read
from bot.storage.engine import Store
from bot.storage.repositories import cases, staff
from bot.storage.repositories.conversations import new_id
from bot.wiring import open_store

WORKDAYS = dict.fromkeys(range(5), (("09:00", "17:00"),))


def add(email: str, name: str, role: str, languages: str) -> None:
    """A new colleague; the first one brings the first centre. Raises `SetupError`."""
    settings = read()
    if role not in set(Role):
        raise SetupError(f"{role!r} is no role: choose one of {', '.join(Role)}.")
    if "@" not in email[1:-1]:
        raise SetupError(f"{email!r} is no e-mail address.")
    store, _ = open_store(settings)
    spoken = tuple(part.strip().lower() for part in languages.split(",") if part.strip())
    try:
        key = store.write_sync(lambda db: _add(db, settings, Staff("", name, Role(role), spoken, email=email)))
    except IntegrityError as taken:
        message = f"{email} has an account already: use `safar staff link {email}`."
        raise SetupError(message) from taken
    finally:
        store.close()
    _print(settings, key)


def link(email: str) -> None:
    """A new link for somebody who can't sign in. Their second step is set up anew. Raises `SetupError`."""
    settings = read()
    store, _ = open_store(settings)
    try:
        key = store.write_sync(lambda db: _link(db, email))
    finally:
        store.close()
    _print(settings, key)


def _add(db: Connection, settings: Settings, one: Staff) -> str:
    now = utc_now()
    centres = staff.all_centres(db)
    if not centres:
        centres = [Centre(new_id(), settings.centre_name, settings.centre_timezone, WORKDAYS)]
        staff.save_centre(db, centres[0])
    staff_id = new_id()
    made = Staff(staff_id, one.name, one.role, one.languages, centres[0].id, one.email, settings.fallback_language)
    staff.add(db, made, now)
    cases.record(db, None, "staff_added", staff_id, f"{one.role} by command", now)
    return accounts.invite(db, staff_id, now)


def _link(db: Connection, email: str) -> str:
    account = staff.account(db, email)
    if account is None:
        raise SetupError(f"Nobody has the address {email}: use `safar staff add`.")
    now = utc_now()
    staff.change(db, account.staff.id, second_factor=None, last_step=None, active=True)
    staff.end_sessions(db, account.staff.id)
    cases.record(db, None, "invited", account.staff.id, "by command", now)
    return accounts.invite(db, account.staff.id, now)


def _print(settings: Settings, key: str) -> None:
    base = settings.staff_url or f"http://{settings.staff_host}:{settings.staff_port}"
    print("Open this link to set the password. It works once, for three days:")  # noqa: T201
    print(f"{base.rstrip('/')}/invitation/{key}")  # noqa: T201


def anybody(store: Store) -> bool:
    """Is there any colleague yet?"""
    return bool(store.read_sync(staff.everybody))
