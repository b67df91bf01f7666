"""The load of suppliers: keep-alive connections that each send their next lead when the last was answered.

Every lead is somebody new. Requests are built before the clock starts; prints one JSON object.
"""

import json
import random
import sys
from urllib.parse import urlsplit

from benchmarks.child_load import run_load
from lead_pipeline.domain.geography import REGIONS

_STATES = sorted(state for region in REGIONS.values() for state in region)
_QUALITIES = ("HOT", "WARM", "COLD")


def lead_requests(host: str, key: str, campaigns: list[str], category: str, first: int, count: int) -> list[bytes]:
    """Leads `first`, `first` + 1, ...: in turns over the campaigns, in no order over states and qualities."""
    draw, requests = random.Random(first), []
    for number in range(first, first + count):
        lead = {
            "campaignId": campaigns[number % len(campaigns)],
            "categoryId": category,
            "state": draw.choice(_STATES),
            "quality": draw.choice(_QUALITIES),
            "data": {
                "firstName": "Ada",
                "lastName": f"Lead {number}",
                "email": f"ada{number}@firm-{number % 997}.example",
                "phone": f"+1 212 555 {number % 10_000:04d}",
                "age": draw.randint(18, 90),
                "coverage": "100000",
            },
        }
        body = json.dumps(lead).encode()
        head = (
            f"POST /api/leads/ingest HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"User-Agent: load\r\nX-API-Key: {key}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


def main() -> None:
    url, key, campaigns, category, first, count, connections = sys.argv[1:]
    place = urlsplit(url)
    assert place.hostname and place.port
    requests = lead_requests(place.netloc, key, campaigns.split(","), category, int(first), int(count))
    seconds, latencies, statuses = run_load((place.hostname, place.port), requests, int(connections))
    ordered = sorted(latencies)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    print(
        json.dumps(
            {
                "per_second": len(ordered) / seconds,
                "statuses": statuses,
                **{f"{name}_ms": 1000 * ordered[int(len(ordered) * share)] for name, share in shares.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
