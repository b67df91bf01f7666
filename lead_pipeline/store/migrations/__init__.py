"""Alembic migrations, both ways, one file a table family."""
