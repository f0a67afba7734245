"""Where rows live: SQLAlchemy 2 on SQLite (WAL) or PostgreSQL, the schema by Alembic. Imports `bot.model` only."""
