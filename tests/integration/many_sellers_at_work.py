"""A process that has imported everything and keeps many writers at work, killing some of them with SIGKILL.

One line of JSON in: `work` (a name of WORK), `arguments` of it, `writers` at once, `seed` and `kills` at random
moments. A writer works until it finds nothing more to do. One line out: `killed`, `done`, `failed` writers. There are
no threads here, so that forking is safe and takes milliseconds.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from lead_pipeline.domain.identity import lead_ids
from lead_pipeline.steps.distribute import distribute_leads
from lead_pipeline.steps.move_money import fund
from lead_pipeline.steps.run import Run
from lead_pipeline.store.bulk import copy_frame, fetch_frame
from lead_pipeline.store.connections import connect
from lead_pipeline.store.leads import insert_leads

AT_ONCE = 8  # leads a transaction, at most
LONGEST_PAUSE = 0.15  # seconds between two kills
FUNDED_EVERY = 10  # transactions
_WAITING = """
SELECT lead_id::text, workspace_id::text, campaign_id::text, state FROM market.campaign_leads
WHERE outcome IS NULL ORDER BY random() LIMIT %s
"""
_SOMEBODY = "SELECT buyer_id::text, workspace_id::text FROM market.buyers ORDER BY random() LIMIT 1"


def sell(url: str, seed: int, *, amount_minor: int) -> None:
    """Decide a few leads that nobody decided, whoever else is at them; now and then somebody's wallet is funded."""
    draw, run = random.Random(seed), Run(f"writer-{seed}")
    with connect(url, autocommit=True) as conn:
        while True:
            leads = fetch_frame(conn, _WAITING, [draw.randint(1, AT_ONCE)])
            if leads.empty:
                return
            with conn.transaction():
                distribute_leads(conn, leads, run)
            if draw.randrange(FUNDED_EVERY) == 0:
                buyer_id, workspace_id = conn.execute(_SOMEBODY).fetchone()
                with conn.transaction():
                    fund(
                        conn, workspace_id=workspace_id, buyer_id=buyer_id, amount_minor=amount_minor,
                        key=f"writer/{seed}/{draw.random()}", reason="more", run=run,
                    )  # fmt: skip


def twins(url: str, seed: int, *, times: int, fingerprint: str, campaign_id: str) -> None:
    """The same lead so many times, each time under another id; offered and decided where the store took it as new."""
    now = datetime.now(UTC)
    with connect(url, autocommit=True) as conn:
        workspace_id, category_id = conn.execute(
            "SELECT workspace_id::text, category_id::text FROM market.campaigns WHERE campaign_id = %s", [campaign_id]
        ).fetchone()
        for lead_id in lead_ids(int(now.timestamp() * 1000), seed + 1, np.arange(times)):
            lead = pd.DataFrame(
                {
                    "lead_id": [lead_id], "workspace_id": workspace_id, "drop_id": seed + 1, "row_no": 0,
                    "fingerprint": fingerprint, "type": "INDIVIDUAL", "country_inferred": False,
                    "received_at": now.isoformat(), "day": now.date().isoformat(), "flags": "{}",
                }
            )  # fmt: skip
            with conn.transaction():
                if insert_leads(conn, lead).all():
                    offered = lead[["lead_id", "workspace_id"]].assign(campaign_id=campaign_id, state="CA")
                    details = {
                        "category_id": category_id,
                        "supplier_quality": "HOT",
                        "lead_score": 9,
                        "score_parts": "{}",
                    }
                    copy_frame(conn, "market.campaign_leads", offered.assign(**details, **lead[["received_at", "day"]]))
                    distribute_leads(conn, offered, Run(f"writer-{seed}"))


WORK = {"sell": sell, "twins": twins}


def serve() -> None:
    order = json.loads(sys.stdin.readline())
    draw, ends, numbers = random.Random(order["seed"]), Counter[str](), iter(range(1_000_000))
    running: set[int] = set()
    while len(running) < order["writers"]:
        running.add(_begin(order, next(numbers)))
    while running:
        if ends["killed"] < order["kills"] and not ends["done"]:
            time.sleep(draw.uniform(0, LONGEST_PAUSE))
            os.kill(draw.choice(sorted(running)), signal.SIGKILL)
        pid, status = os.wait()
        running.remove(pid)
        code = os.waitstatus_to_exitcode(status)
        ends["killed" if code == -signal.SIGKILL else "failed" if code else "done"] += 1
        if code == -signal.SIGKILL:
            running.add(_begin(order, next(numbers)))
    sys.stdout.write(json.dumps({name: ends[name] for name in ("killed", "done", "failed")}) + "\n")


def _begin(order: dict[str, Any], number: int) -> int:
    child = os.fork()
    if child:
        return child
    os.dup2(2, 1)
    try:
        WORK[order["work"]](seed=order["seed"] + number, **order["arguments"])
        os._exit(0)
    finally:  # whatever it was: a child never goes back to waiting for the others
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    serve()
