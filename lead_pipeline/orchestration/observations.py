"""What the intake service brought in, as observations of the external assets: counts by day, each said once."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
from dagster import (
    AssetObservation,
    DefaultSensorStatus,
    MetadataValue,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    TableRecord,
    sensor,
)

from lead_pipeline.errors import TransientError
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.store import pending
from lead_pipeline.store.connections import connect
from lead_pipeline.store.pending import Arrivals

ASSET_OF_KIND = {"webhook": "raw_webhook_drops", "supplier_lead": "raw_supplier_leads", "csv": "raw_csv_uploads"}
_COUNTS = ("drops", "waiting", "refused_whole", "received", "accepted", "duplicate", "quarantined")


class Place(NamedTuple):
    """One partition of one external asset."""

    asset: str
    day: str


class Observed(NamedTuple):
    """The cursor: how far we looked, and what was said of the places that may still be met again."""

    since: datetime | None
    said: Mapping[Place, str]

    @classmethod
    def read(cls, cursor: str | None) -> "Observed":
        given = json.loads(cursor) if cursor else {"since": None, "said": []}
        since = None if given["since"] is None else datetime.fromisoformat(given["since"])
        return cls(since, {Place(asset, day): digest for asset, day, digest in given["said"]})

    def text(self) -> str:
        since = None if self.since is None else self.since.isoformat()
        return json.dumps({"since": since, "said": [[*place, digest] for place, digest in self.said.items()]})


def news(
    arrivals: Iterable[Arrivals], observed: Observed, now: datetime
) -> tuple[dict[Place, list[Arrivals]], Observed]:
    """The places whose counts are not what was said of them, and the cursor once they are said. Pure.

    Places are remembered by a digest of their counts: looking behind the cursor finds late ones and repeats none.
    """
    places: dict[Place, list[Arrivals]] = {}
    for arrival in arrivals:
        places.setdefault(Place(ASSET_OF_KIND[arrival.kind], arrival.day.isoformat()), []).append(arrival)
    digests = {place: _digest(of) for place, of in places.items()}
    changed = {place: of for place, of in places.items() if observed.said.get(place) != digests[place]}
    oldest = (now.date() - 2 * pending.LOOK_BACK).isoformat()
    kept = {place: digest for place, digest in observed.said.items() if place.day >= oldest}
    return changed, Observed(now, {**kept, **digests})


def observation(place: Place, arrivals: Sequence[Arrivals]) -> AssetObservation:
    """Counts of one partition: in all, and by source and event type."""
    totals = {name: sum(getattr(arrival, name) for arrival in arrivals) for name in _COUNTS}
    parts = [
        TableRecord(
            {
                "source": arrival.source,
                "event_type": arrival.event_type or "",
                **{name: getattr(arrival, name) for name in _COUNTS},
            }
        )
        for arrival in arrivals
    ]
    first, last = min(one.first for one in arrivals), max(one.last for one in arrivals)
    return AssetObservation(
        asset_key=place.asset,
        partition=place.day,
        metadata={
            **totals,
            "first_drop": first,
            "last_drop": last,
            "by_source_and_event": MetadataValue.table(parts),
        },
    )


def _digest(arrivals: Sequence[Arrivals]) -> str:
    text = json.dumps([asdict(arrival) for arrival in arrivals], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@sensor(minimum_interval_seconds=30, default_status=DefaultSensorStatus.RUNNING)
def intake_observations(context: SensorEvaluationContext, pipeline: Pipeline) -> SensorResult | SkipReason:
    """What arrived and what became of it, for the days that changed since the last look."""
    observed, now, kinds = Observed.read(context.cursor), datetime.now(UTC), list(ASSET_OF_KIND)
    try:
        with connect(pipeline.url, autocommit=True) as conn:
            days = pending.changed_days(conn, kinds, observed.since)
            arrivals = pending.arrivals(conn, kinds, days)
    except (TransientError, psycopg.OperationalError) as error:
        return SkipReason(f"the drops could not be counted, the next tick counts them: {error}")
    changed, said = news(arrivals, observed, now)
    return SensorResult(
        skip_reason=None if changed else "nothing has arrived",
        asset_events=[observation(place, of) for place, of in changed.items()],
        cursor=said.text(),
    )
