"""Alembic's environment: it runs on the connection that `bot.storage.database.migrate` hands over."""

from alembic import context

from bot.storage import case_tables  # noqa: F401 - its tables join the metadata
from bot.storage.tables import metadata


def run() -> None:
    """Apply the revisions."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


run()
