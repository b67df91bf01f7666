"""Decisions: pure functions of values, policy, clock and random source. Columns in, columns out."""
