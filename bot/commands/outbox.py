"""`safar outbox`: what could not be sent. It shows neither texts nor addresses."""

from rich.console import Console
from rich.table import Table

from bot.model.clock import utc_now
from bot.settings import read
from bot.storage.repositories import outbox
from bot.wiring import open_store


def show() -> None:
    """Print the unsendable messages."""
    store, _ = open_store(read())
    rows = store.read_sync(outbox.unsendable)
    store.close()
    table = Table(title=f"{len(rows)} unsendable")
    for name in ("id", "channel", "reason", "attempts", "since"):
        table.add_column(name)
    for row in rows:
        since = f"{row.created_at:%Y-%m-%d %H:%M} UTC"
        table.add_row(str(row.id), row.channel, row.reason, str(row.attempts), since)
    Console().print(table)


def resend(ids: list[int]) -> None:
    """Put them back, all or those named."""
    store, _ = open_store(read())
    count = store.write_sync(lambda session: outbox.resend(session, ids, utc_now()))
    store.close()
    Console().print(f"{count} put back into the outbox; a running desk sends them now.")
