"""Dagster: one file per noun."""
