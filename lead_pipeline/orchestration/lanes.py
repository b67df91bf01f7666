"""Which runs may be under way together: the tag by which Dagster's queue tells them apart. Imports nothing."""

LANE, INTAKE, BACKGROUND = "lead_pipeline/lane", "intake", "background"
MAX_RUNS, MAX_BACKGROUND_RUNS = 4, 2
"""One place is always free for what has just landed, beside a run that sends messages and waits for more."""
