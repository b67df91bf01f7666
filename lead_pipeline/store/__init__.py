"""Postgres and the blob store: connections, bulk copy, one file per table family, migrations."""
