"""One use case per file: claim, decide, commit. No Dagster, no HTTP server."""
