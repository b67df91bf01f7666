"""Every way in which the sandbox can make a call go wrong, with what each needs. Latencies are longer than patience."""

from typing import Any

KINDS: dict[str, dict[str, Any]] = {
    "latency": {"seconds": 0.5},
    "rate_limit": {"retry_after": 0.02},
    "error": {},
    "reset": {},
    "truncate": {},
    "lost_answer": {},
    "nonsense": {},
}
