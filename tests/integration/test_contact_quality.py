"""Contact quality from the file to the mart: stored beside the lead, forgotten with it, counted without it."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.store.connections import connect
from lead_pipeline.store.retention import forget_leads
from tests.integration.test_replay import HEADER, load_file, replayed
from tests.integration.warehouse import build

pytestmark = pytest.mark.integration

FILE = HEADER + (
    "Ada,ada@gmial.com,+5511987654321,,,,\n"
    "Bob,info@acme.com,+18005550199,,,,\n"
    "Cy,1199999999333@gmail.com,12,,,,\n"
    ",,+442079460018,Acme Ltd,,,\n"
)
MODELS = ("+contact_quality_daily", "stg_workspaces")
FILL = """
    UPDATE core.leads l
    SET email_suggestion = r.email_suggestion, phone_type = r.phone_type, flags = r.flags
    FROM replay.leads r
    WHERE r.lead_id = l.lead_id
        AND (l.email_suggestion, l.phone_type, l.flags) IS DISTINCT FROM (r.email_suggestion, r.phone_type, r.flags)
"""


def leads(world: Any) -> list[tuple[Any, ...]]:
    return world.rows("SELECT email, email_suggestion, phone_type, flags FROM core.leads ORDER BY row_no")


def test_what_is_odd_about_a_contact_is_stored_beside_it(world: Any) -> None:
    load_file(world, FILE, "contacts.csv")
    assert [
        ("ada@gmial.com", "ada@gmail.com", "mobile", []),
        ("info@acme.com", None, "toll_free", ["role_email"]),
        ("1199999999333@gmail.com", None, "unknown", ["fake_email:999999", "free_email", "invalid_phone"]),
        (None, None, "fixed_line", []),
    ] == leads(world)


def test_the_suggestion_is_forgotten_with_the_address_and_the_type_stays(world: Any) -> None:
    load_file(world, FILE, "contacts.csv")
    [(first,)] = world.rows("SELECT lead_id::text FROM core.leads WHERE row_no = 0")
    with connect(world.url) as conn:
        forget_leads(conn, [first], blob="archive", run_id="r", now=dt.datetime(2027, 3, 2, tzinfo=dt.UTC))
    assert (None, None, "mobile", []) == leads(world)[0]
    assert replayed(world).is_identical


def test_leads_stored_before_the_columns_are_named_by_a_replay_and_filled_from_it(world: Any) -> None:
    load_file(world, FILE, "contacts.csv")
    after = leads(world)
    world.execute(
        "UPDATE core.leads SET email_suggestion = NULL, phone_type = NULL, "
        "flags = array_remove(array_remove(flags, 'role_email'), 'free_email')"
    )
    found = replayed(world, keep=True)
    assert {"email_suggestion", "phone_type", "flags"} == {
        column for difference in found.differences for column in difference.columns
    }
    assert {"different"} == {difference.what for difference in found.differences}
    world.execute(FILL)
    assert after == leads(world)
    assert replayed(world).is_identical


def test_the_mart_counts_classes_and_holds_no_address(database: Any, world: Any, tmp_path: Path) -> None:
    load_file(world, FILE, "contacts.csv")
    world.execute("INSERT INTO core.mail_domains VALUES ('gmial.com', false, now()), ('acme.com', true, now())")
    built = build(database, tmp_path, "--select", *MODELS, "--indirect-selection", "cautious")
    assert not built.failures, built.log
    [row] = world.rows(
        """
        SELECT source, leads, with_email, fake_emails, disposable_emails, role_emails, free_emails, with_suggestion,
            undeliverable_emails, fake_email_share, fake_email_baseline
        FROM analytics.contact_quality_daily
        """
    )
    assert ("csv", 4, 3, 1, 0, 1, 1, 1, 1, Decimal("33.33"), None) == row
    [phones] = world.rows(
        """
        SELECT with_phone, mobile_phones, fixed_line_phones, toll_free_phones, untyped_phones, invalid_phones,
            mobile_phones + fixed_line_phones + fixed_line_or_mobile_phones + toll_free_phones + voip_phones
            + other_phones + untyped_phones
        FROM analytics.contact_quality_daily
        """
    )
    assert (3, 1, 1, 1, 0, 1, 3) == phones
