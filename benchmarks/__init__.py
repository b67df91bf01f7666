"""What the pipeline must reach, measured. `python -m benchmarks` runs it; README.md says how each is measured."""
