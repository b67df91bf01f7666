"""The drift watch: planted drifts that are missed, payloads until one is found, and alarms of clean months.

Forty drifts over four vendors, each after 28 clean days, looked for every ten payloads; then 30 clean days a vendor,
six looks a day. Several seeds; the worst counts. Drifts that reach only half of the payloads, or begin at noon, have no
bar.
"""

from collections.abc import Sequence

from benchmarks.bench import Bench, middle
from benchmarks.figures import Figure
from lead_pipeline.sandbox.clean_stream import EVENT_OF
from lead_pipeline.sandbox.drift_trial import Trial, Vendor, trials
from lead_pipeline.sandbox.drifting import DRIFTS

SEEDS = (1, 2, 3)
_MONTH = 30
_SMALL = 0.2  # a vendor that sends a fifth as much
_MORNING = 50


def run(bench: Bench) -> list[Figure]:
    """Bars: at most 2 of 40 missed within 100 payloads, at most one alarm a vendor and clean month."""
    whole = [trials(seed, DRIFTS) for seed in SEEDS]
    half = [trials(seed, DRIFTS, every=2) for seed in SEEDS]
    noon = [trials(seed, DRIFTS, after=_MORNING) for seed in SEEDS]
    for seed, done in zip(SEEDS, whole, strict=True):
        missed = [trial.drift for trial in done if trial.payloads is None]
        bench.console.print(
            f"  seed {seed}: {len(DRIFTS) - len(missed)} of {len(DRIFTS)} found; missed: {missed or 'none'}"
        )
    alarms = {(seed, source): Vendor(seed, source).false_alarms(_MONTH) for seed in SEEDS for source in EVENT_OF}
    few = [Vendor(seed, source, share=_SMALL).false_alarms(_MONTH) for seed in SEEDS for source in EVENT_OF]
    for (seed, source), found in alarms.items():
        for one in found:
            bench.console.print(f"  seed {seed}: {source} false alarm: {one}")
    needed = [trial.payloads for done in whole for trial in done if trial.payloads is not None]
    beside = sum(bool(trial.others) for done in whole for trial in done)
    return [
        Figure("drifts missed, of 40, worst seed", max(map(_missed, whole)), "drifts", 2),
        Figure("false alarms, worst vendor and month", max(map(len, alarms.values())), "alarms", 1),
        Figure("false alarms, worst vendor and month, a fifth as many payloads", max(map(len, few)), "alarms", 1),
        Figure("payloads until a drift is found, median", middle(needed), "payloads"),
        Figure("payloads until a drift is found, most", max(needed), "payloads"),
        Figure("drifts found with another field named beside", beside / len(SEEDS), "drifts of 40"),
        Figure("drifts missed, of 40, in every second payload", max(map(_missed, half)), "drifts"),
        Figure(f"drifts missed, of 40, after {_MORNING} clean ones of the day", max(map(_missed, noon)), "drifts"),
    ]


def _missed(done: Sequence[Trial]) -> int:
    return sum(trial.payloads is None for trial in done)
