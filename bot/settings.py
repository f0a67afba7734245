"""Every option of Safar, once: name, default, help. The only reader of the environment; imports `bot.model` only.

An option `web_port` is read from `SAFAR_WEB_PORT`, or from a line `SAFAR_WEB_PORT=…` of `safar.env` in the checkout.
`docs/settings.md` is made from these rows, and a test holds the two together.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bot.model.errors import SetupError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: `knowledge/`, `locales/`, `domain.yml` are below it."""


def option(default: str | int | float | bool, explanation: str) -> Any:
    """One row of the table of options."""
    return field(default=default, metadata={"help": explanation})


@dataclass(frozen=True)
class Settings:
    """All options with their values. Made by `read()`; tests make their own."""

    data_dir: str = option("var", "Where the database, the key and the trained model are kept; below the checkout.")
    database_url: str = option("", "SQLAlchemy URL; empty: SQLite in data_dir. PostgreSQL: postgresql+psycopg2://…")
    web_host: str = option("127.0.0.1", "Address the public listener (web chat, webhooks) binds to; 0.0.0.0 for all.")
    web_port: int = option(8080, "Port of the public listener.")
    action_port: int = option(8081, "Loopback port on which Rasa calls our actions.")
    rasa_port: int = option(8082, "Loopback port of Rasa.")
    public_url: str = option("", "How the public reaches this desk (https://…); empty: no webhooks, Telegram polls.")
    centre_name: str = option("Migrant Resource Centre", "Name of the centre, as people read it.")
    centre_hours: str = option("Monday to Friday, 09:00-17:00", "Opening hours, as people read them.")
    centre_phone: str = option("", "The centre's phone number in international form (+…); empty: not shown.")
    centre_timezone: str = option("UTC", "IANA time zone of the centre.")
    fallback_language: str = option("en", "The language spoken when nothing better is known.")
    drafts: str = option("serve", "Machine-drafted translations: 'serve' with a line that says so, or 'hide'.")
    stale: str = option("hide", "Translations whose English has changed: 'serve' with a line that says so, or 'hide'.")
    answer_threshold: float = option(0.50, "Calibrated probability from which an entry is given as the answer.")
    choice_threshold: float = option(0.15, "Calibrated probability from which an entry is offered as a choice.")
    sms_segments: int = option(3, "How many SMS segments one answer may take before MORE.")
    telegram_token: str = option("", "Bot token from @BotFather; empty: Telegram is off.")
    telegram_api: str = option("https://api.telegram.org", "Base URL of the Telegram Bot API server.")
    telegram_secret: str = option("", "Secret that Telegram sends with each webhook call; needed with public_url.")
    twilio_sid: str = option("", "Twilio account SID; empty: Twilio is off.")
    twilio_token: str = option("", "Twilio auth token; it also checks the signature of webhooks.")
    twilio_sender: str = option("", "Twilio number (+…) or Messaging Service SID (MG…) to send from.")
    twilio_api: str = option("https://api.twilio.com", "Base URL of Twilio's API.")
    africastalking_user: str = option("", "Africa's Talking user name; empty: off.")
    africastalking_key: str = option("", "Africa's Talking API key.")
    africastalking_sender: str = option("", "Africa's Talking short code or sender id; may be empty.")
    africastalking_secret: str = option("", "Secret part of the webhook's path: this gateway signs nothing.")
    africastalking_api: str = option("https://api.africastalking.com", "Base URL of Africa's Talking's API.")
    kannel_url: str = option("", "URL of Kannel's sendsms (http://127.0.0.1:13013/cgi-bin/sendsms); empty: off.")
    kannel_user: str = option("", "Kannel sendsms user name.")
    kannel_password: str = option("", "Kannel sendsms password.")
    kannel_secret: str = option("", "Secret part of the path that Kannel calls with messages and reports.")
    kannel_sender: str = option("", "Number or short code Kannel sends from; empty: Kannel's default.")
    android_url: str = option("", "URL of SMS Gateway for Android (http://phone:8080 or the cloud's); empty: off.")
    android_user: str = option("", "User name of SMS Gateway for Android.")
    android_password: str = option("", "Password of SMS Gateway for Android.")
    android_secret: str = option("", "Signing key of its webhooks.")
    chat_messages: int = option(60, "Messages a minute that one web chat may send, as many at once; 0: no limit.")
    chat_starts: int = option(120, "Web chats a minute that one address may begin, as many at once; 0: no limit.")
    quick_exit_url: str = option("https://www.google.com/search?q=weather", "Where *Leave now* in the web chat leads.")
    send_attempts: int = option(12, "How often a message is tried before it is listed as unsendable.")
    rasa_token: str = option(
        "", "Secret between desk and Rasa; made anew at each start, to be set only by hand-made starts."
    )
    action_token: str = option("", "Secret between Rasa and the actions; made anew at each start.")
    rasa_timeout: float = option(20.0, "Seconds to wait for Rasa before a message is put back to be taken up again.")
    staff_host: str = option("127.0.0.1", "Address the staff listener (the console) binds to.")
    staff_port: int = option(8083, "Port of the staff listener.")
    staff_url: str = option("", "How staff reach the console (https://…), for links in invitations and alerts.")
    staff_hours: int = option(10, "Hours after which a staff member must sign in again.")
    staff_quiet: int = option(60, "Minutes without a click after which a staff session ends.")
    first_reply_urgent: int = option(15, "Minutes of opening hours in which an urgent case should get its first reply.")
    first_reply: int = option(480, "Minutes of opening hours in which any other case should.")
    widen_urgent: int = option(3, "Minutes until an urgent case that nobody claims is offered to more colleagues.")
    widen: int = option(120, "Minutes until any other case is.")
    retention_days: int = option(90, "Days after which message texts are erased.")
    log_level: str = option("INFO", "DEBUG, INFO, WARNING or ERROR.")

    @property
    def data_path(self) -> Path:
        """The data directory, absolute."""
        return ROOT / self.data_dir

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_path / 'safar.db'}"


def read(environment: Mapping[str, str] | None = None, env_file: Path | None = None) -> Settings:
    """The settings from `safar.env`, overridden by the environment. Raises `SetupError` naming the bad option."""
    values = {**_from_file(env_file or ROOT / "safar.env"), **(os.environ if environment is None else environment)}
    known = {f"SAFAR_{row.name.upper()}": row for row in fields(Settings)}
    changes: dict[str, Any] = {}
    for name, row in known.items():
        if name in values:
            changes[row.name] = _convert(name, values[name], type(row.default))
    return Settings(**changes)


def _from_file(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("'\"") for name, _, value in pairs}


def _convert(name: str, raw: str, kind: type) -> str | int | float | bool:
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[raw.lower()]
        return kind(raw)  # type: ignore[no-any-return]
    except (ValueError, KeyError) as bad:
        message = f"Set {name} to a value of type {kind.__name__}; {raw!r} is none."
        raise SetupError(message) from bad
