"""What DataShopper observed of a company before a day: types, strengths and times. Not the band they make."""

from datetime import UTC, date, datetime, time, timedelta

from lead_pipeline.sandbox.seeded import Draw

WINDOW = timedelta(days=30)
STRENGTHS = {
    "researching_topic": "high",
    "visited_competitor_site": "high",
    "whitepaper_download": "medium",
    "webinar_attendance": "medium",
    "job_posting": "medium",
    "social_engagement": "low",
}
SOURCES = {
    "researching_topic": "web",
    "visited_competitor_site": "web",
    "whitepaper_download": "web",
    "webinar_attendance": "events",
    "job_posting": "jobs",
    "social_engagement": "social",
}
TYPES = {
    strength: tuple(kind for kind, value in STRENGTHS.items() if value == strength)
    for strength in ("high", "medium", "low")
}
# (share of companies up to here, the mixes of high, medium and low signals they have): 15 % would be
# called hot, 45 % warm, the rest cold.
MIXES = (
    (0.15, ((3, 0, 0), (3, 1, 1), (2, 3, 0), (2, 3, 2), (4, 1, 0), (3, 2, 2))),
    (0.60, ((1, 0, 0), (1, 1, 1), (1, 2, 0), (2, 0, 1), (2, 2, 1), (0, 4, 0), (0, 4, 2), (0, 5, 1))),
    (1.00, ((0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 2), (0, 2, 1), (0, 3, 0), (0, 3, 3))),
)


def signals_of(seed: int, company: str, topic: str, as_of: date) -> list[dict[str, str]]:
    """0 to 7 signals, newest first, each in the 30 days that end where `as_of` begins (UTC).

    Each event comes back every 30 days at the same second, so a signal keeps its time from one day to
    the next until it leaves the window.
    """
    draw = Draw(seed, "signals", company, topic)
    share = draw.chance()
    mixes = next(mixes for limit, mixes in MIXES if share < limit)
    found = []
    for strength, count in zip(("high", "medium", "low"), draw.pick(mixes), strict=True):
        for _ in range(count):
            kind = draw.pick(TYPES[strength])
            found.append((_latest(draw.below(int(WINDOW.total_seconds())), as_of), kind, strength))
    return [
        {"signal_type": kind, "signal_strength": strength, "detected_at": at, "source": SOURCES[kind]}
        for at, kind, strength in sorted(found, reverse=True)
    ]


def _latest(phase: int, as_of: date) -> str:
    end = datetime.combine(as_of, time(), tzinfo=UTC)
    age = (int(end.timestamp()) - phase) % int(WINDOW.total_seconds())
    # An age of zero would be the first second of the day itself; a whole window before it is inside.
    moment = end - (timedelta(seconds=age) if age else WINDOW)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
