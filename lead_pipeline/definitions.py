"""The door that workspace.yaml names: `pipeline` and `marts` as Dagster loads them, `defs` as both in one.

Each is built when it is asked for, so that whoever loads one does not pay for the other.
"""

from functools import cache

from dagster import Definitions

from lead_pipeline.orchestration.build import build_definitions, build_marts, build_pipeline

_DOORS = {"defs": build_definitions, "pipeline": build_pipeline, "marts": build_marts}


@cache
def __getattr__(name: str) -> Definitions:
    if name not in _DOORS:
        raise AttributeError(f"{__name__} has no {name!r}; it has {', '.join(_DOORS)}")
    return _DOORS[name]()
