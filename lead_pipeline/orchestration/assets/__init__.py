"""Assets, one file per group."""
