"""Answers of vendors as drops: exact bytes, the first one kept, two processes that keep the same ones."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lead_pipeline.store.vendor_answers import (
    VendorAnswer,
    keep_answer,
    keep_answers,
    kept_answer,
    kept_answers,
)

pytestmark = pytest.mark.integration
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def answer(key: str = "k/1", body: bytes = b'\x00\xff{"a": 1}\r\n', **more: Any) -> dict[str, Any]:
    given = {"vendor": "clay", "event": "verify_email", "key": key, "workspace_id": None, "day": NOON.date()}
    return {**given, "received_at": NOON, "body": body, "run_id": "run-1", "lead_id": "lead-1", **more}


def test_the_first_answer_is_kept_with_its_exact_bytes_and_a_later_one_is_not(database: Any) -> None:
    with database.connect() as conn:
        first = keep_answer(conn, **answer())
        assert first == keep_answer(conn, **answer(body=b"another"))
        assert (first, answer()["body"]) == kept_answer(conn, vendor="clay", event="verify_email", key="k/1")
        [row] = conn.execute("SELECT kind, stage, external_id, headers, settled_at FROM raw.drops").fetchall()
        headers = {"run_id": "run-1", "lead_id": "lead-1"}
        assert ("vendor_answer", "kept", "verify_email/k/1", headers, NOON) == row


def test_an_answer_is_known_by_vendor_event_and_key(database: Any) -> None:
    with database.connect() as conn:
        ids = {
            keep_answer(conn, **answer(**other))
            for other in ({}, {"vendor": "diretrix"}, {"event": "company_contacts"}, {"key": "k/2"})
        }
        assert 4 == len(ids)
        assert {"k/1", "k/2"} == set(
            kept_answers(conn, vendor="clay", event="verify_email", keys=["k/1", "k/2", "k/3"])
        )
        assert kept_answer(conn, vendor="diretrix", event="verify_email", key="k/2") is None
        assert ({}, {}) == (kept_answers(conn, vendor="clay", event="verify_email", keys=[]), keep_answers(conn, []))


def test_a_body_that_retention_has_moved_away_is_not_kept(database: Any) -> None:
    with database.connect() as conn:
        keep_answer(conn, **answer())
        conn.execute("UPDATE raw.drops SET body = NULL, blob_path = 'somewhere'")
        assert kept_answer(conn, vendor="clay", event="verify_email", key="k/1") is None


def test_sessions_that_keep_the_same_answers_in_any_order_agree_and_do_not_deadlock(database: Any) -> None:
    answers = [VendorAnswer(**answer(f"k/{number}", body=b"%d" % number)) for number in range(200)]

    def keep(turned: bool) -> dict[tuple[str, str], int]:
        with database.connect() as conn, conn.transaction():
            return keep_answers(conn, answers[::-1] if turned else answers)

    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(keep, [False, True, False, True]))
    assert [kept[0]] * 4 == kept
    assert 200 == len(set(kept[0].values()))
