"""Signing in: passwords, second factors, sessions, invitations. Imports `bot.model`, `bot.storage`, argon2, pyotp.

Failures slow down whoever guesses, by account, and say nothing of whether an account exists. A session is a random key
in the browser and its digest here; it ends by itself.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import Connection

from bot.model.cases import BadValue, Role, Staff
from bot.storage.crypt import Crypt
from bot.storage.repositories import cases, staff
from bot.storage.repositories.staff import Account, Session

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
FREE_FAILURES = 3
"""So many wrong passwords cost nothing; each further one doubles the wait."""
LONGEST_WAIT = timedelta(minutes=15)
INVITED_FOR = timedelta(days=3)
STEP = 30
"""Seconds that a code of an authenticator app holds: RFC 6238."""
_HASHER = PasswordHasher()


@dataclass(frozen=True)
class SignedIn:
    """A new session: `key` goes to the browser and nowhere else. `complete` when no second factor is missing."""

    key: str
    staff: Staff
    complete: bool


@dataclass(frozen=True)
class Refused:
    """No session. `wait` is how many seconds to wait before the next try, if that is why."""

    wait: int = 0


def digest(key: str) -> str:
    """What is stored of a session's or an invitation's key."""
    return hashlib.sha256(key.encode()).hexdigest()


def hashed(password: str) -> str:
    """A password as it is stored. Raises `BadValue` when it is too short or absurdly long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadValue(field="password")
    return _HASHER.hash(password)


@cache
def _nobody() -> str:
    """What a password is compared with when there is no account."""
    return _HASHER.hash(secrets.token_hex(16))


def fits(password: str, stored: str | None) -> bool:
    """Is it the password? Takes as long when there is no account."""
    try:
        return _HASHER.verify(stored or _nobody(), password[:LONGEST_PASSWORD]) and stored is not None
    except (Argon2Error, InvalidHashError):
        return False


def sign_in(db: Connection, email: str, correct: bool, now: datetime) -> SignedIn | Refused:
    """A session for an account, if the password was `correct` (checked before: it takes long) and it is not locked."""
    account = staff.account(db, email)
    if account is None or not account.staff.active:
        return Refused()
    if account.locked_until and account.locked_until > now:
        return Refused(int((account.locked_until - now).total_seconds()) + 1)
    if not correct:
        return _failed(db, account, now)
    if account.second_factor is None:
        staff.change(db, account.staff.id, failures=0, locked_until=None)
    complete = account.second_factor is None and account.staff.role is not Role.ADMINISTRATOR
    key = secrets.token_urlsafe(32)
    staff.begin_session(db, Session(digest(key), account.staff.id, secrets.token_urlsafe(24), complete, now, now))
    cases.record(db, account.staff.id, "signed_in", None, "" if complete else "second factor missing", now)
    return SignedIn(key, account.staff, complete)


def _failed(db: Connection, account: Account, now: datetime) -> Refused:
    failures = account.failures + 1
    wait = timedelta()
    if failures > FREE_FAILURES:
        wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(failures - FREE_FAILURES, 12)))
    staff.change(db, account.staff.id, failures=failures, locked_until=now + wait if wait else None)
    cases.record(db, account.staff.id, "sign_in_failed", None, f"{failures} in a row", now)
    return Refused(int(wait.total_seconds()))


def second_step(db: Connection, crypt: Crypt, session: Session, code: str, now: datetime) -> bool:
    """Complete a session by a code of the authenticator app. A code works once; wrong ones lock like passwords."""
    account = staff.account_of(db, session.staff_id)
    if account is None or account.second_factor is None or (account.locked_until and account.locked_until > now):
        return False
    step = matching_step(crypt.unseal(account.second_factor), code, now)
    if step is None or not staff.use_step(db, account.staff.id, step):
        _failed(db, account, now)
        return False
    staff.change(db, account.staff.id, failures=0, locked_until=None)
    staff.change_session(db, session.digest, complete=True, form_token=secrets.token_urlsafe(24))
    return True


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The 30 seconds to which a code belongs, this one or its neighbours; None when it is wrong."""
    plain = "".join(code.split())
    totp = pyotp.TOTP(secret)
    this = int(now.timestamp()) // STEP
    return next(
        (step for step in (this, this - 1, this + 1) if secrets.compare_digest(totp.at(step * STEP), plain)), None
    )


def enrol(db: Connection, crypt: Crypt, staff_id: str, secret: str, code: str, now: datetime) -> bool:
    """Keep a new second factor once a code of it was right."""
    step = matching_step(secret, code, now)
    if step is None:
        return False
    staff.change(db, staff_id, second_factor=crypt.seal(secret), last_step=step)
    cases.record(db, staff_id, "second_factor_set", staff_id, "", now)
    return True


def current(
    db: Connection, key: str, now: datetime, longest: timedelta, quiet: timedelta
) -> tuple[Session, Staff] | None:
    """Who a session's key belongs to, if it still holds."""
    session = staff.session(db, digest(key))
    if session is None or session.created_at + longest < now or session.last_at + quiet < now:
        return None
    one = staff.get(db, session.staff_id)
    return (session, one) if one is not None and one.active else None


def invite(db: Connection, staff_id: str, now: datetime) -> str:
    """The key of a new invitation to set a password; an older one no longer holds."""
    key = secrets.token_urlsafe(32)
    staff.change(db, staff_id, invitation=digest(key), invited_until=now + INVITED_FOR)
    return key


def accept(db: Connection, key: str, password_hash: str, now: datetime) -> Staff | None:
    """Set the password of whoever was invited; None when the invitation does not hold (any more)."""
    account = staff.invited(db, digest(key))
    if account is None or account.invited_until is None or account.invited_until < now or not account.staff.active:
        return None
    fresh = {"invitation": None, "invited_until": None, "failures": 0, "locked_until": None}
    staff.change(db, account.staff.id, password=password_hash, **fresh)
    staff.end_sessions(db, account.staff.id)
    cases.record(db, account.staff.id, "password_set", account.staff.id, "", now)
    return account.staff
