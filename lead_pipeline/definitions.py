"""The door that workspace.yaml names."""

from lead_pipeline.orchestration.build import build_definitions

defs = build_definitions()
