"""On how many made-up examples a property is tried: few wherever tests are run, many in `make soak`."""

import os

from hypothesis import settings

IS_LONG = "LEAD_PIPELINE_LONG" in os.environ
_SHORTER, _LONGER, _USUAL = 4, 10, 100


def examples(usual: int = _USUAL) -> int:
    """A quarter of `usual` in a short run, ten times as many in a long one."""
    return usual * _LONGER if IS_LONG else max(5, usual // _SHORTER)


def load_profile() -> None:
    """Properties that ask for no number of their own have this one; none is timed, for the machine may be busy."""
    settings.register_profile("ours", max_examples=examples(), deadline=None)
    settings.load_profile("ours")
