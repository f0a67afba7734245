"""Logging with structlog: one line of key=value on standard error, nothing personal in it. Imports `bot.settings`.

Whoever logs passes ids and counts, never texts or addresses; as a second line of defence `redact` blanks every value
whose key names something personal, and whatever looks like a phone number or a token.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

PERSONAL = frozenset({"text", "address", "body", "phone", "name", "token", "password", "key", "authorization", "url"})
_NUMBERS = re.compile(r"\+?\d[\d ()-]{6,}\d")
_TOKENS = re.compile(r"\b\d{6,12}:[A-Za-z0-9_-]{30,}\b")


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: blank what must not be written down."""
    for key, value in event.items():
        if key in PERSONAL:
            event[key] = "…"
        elif isinstance(value, str) and key != "timestamp":
            event[key] = scrub(value)
    return event


def scrub(text: str) -> str:
    """`text` without bot tokens and long runs of digits."""
    return _NUMBERS.sub("…", _TOKENS.sub("…", text))


class _Scrubbed(logging.Filter):
    """The same for libraries that log through the standard library (uvicorn, httpx)."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        return True


def configure(level: str) -> None:
    """Set up structlog and the standard library's logging for a process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Scrubbed())
    logging.basicConfig(level=max(logging.getLevelName(level), logging.WARNING), handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
