"""Notification preferences: what is told by default, SMS only after opting in, and every fault at its field."""

import datetime as dt

import pytest

from lead_pipeline.store.sealed import credential_seal
from tests.integration.market import open_market

pytestmark = pytest.mark.integration
NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
PATH = "/api/notifications/preferences"
PHONE, OTHER = "+1 202-555-0123", "+5511987654321"
DEFAULT = ["new_lead", "hot_lead", "low_balance", "card_declined", "daily_summary"]
SMS_ROWS = (
    "SELECT address_sealed, shown, opted_in_at, deleted_at FROM outbound.destinations "
    "WHERE channel = 'sms' AND user_id = %s ORDER BY created_at"
)


@pytest.fixture
def market(database, tmp_path):
    with open_market(database, tmp_path, now=NOW) as opened:
        yield opened


@pytest.fixture
def buyer(market):
    return market.buyer(market.seller(), "Bob")


def of(market, person):
    answer = market.call(person, "GET", PATH)
    assert 200 == answer.status_code, answer.text
    return answer.json()["preferences"]


def put(market, person, body):
    return market.call(person, "PUT", PATH, body)


def saved(market, person, **body):
    answer = put(market, person, {"email": {"kinds": []}, **body})
    assert 200 == answer.status_code, answer.text
    assert answer.json()["preferences"] == of(market, person)
    return answer.json()["preferences"]


def faults(market, person, body):
    answer = put(market, person, body)
    assert 422 == answer.status_code, answer.text
    return [error["field"] for error in answer.json()["errors"]]


def test_a_buyer_is_told_by_e_mail_and_by_nothing_else_until_it_says_otherwise(market, buyer):
    told = of(market, buyer)
    assert (buyer.email, DEFAULT) == (told["email"]["address"], told["email"]["kinds"])
    assert (None, None, None, 8) == (told["sms"], told["quietHours"], told["timeZone"], told["summaryHour"])
    assert "refunded" in told["email"]["offered"]
    assert ["new_lead", "hot_lead", "low_balance", "card_declined"] == told["smsOffered"]


def test_a_seller_is_offered_what_happens_to_sellers(market):
    seller = market.seller()
    assert ["endpoint_disabled"] == of(market, seller)["email"]["kinds"]
    assert ["routed_leads"] == saved(market, seller, email={"kinds": ["routed_leads"]})["email"]["kinds"]
    assert ["email.kinds.0"] == faults(market, seller, {"email": {"kinds": ["card_declined"]}})


def test_what_is_set_is_kept_for_every_channel_of_the_person(market, buyer):
    told = saved(
        market, buyer, email={"kinds": ["hot_lead", "new_lead", "hot_lead"]},
        sms={"phone": PHONE, "optIn": True, "kinds": ["hot_lead"]}, quietHours={"from": "22:00", "until": "07:30"},
        timeZone="America/New_York", summaryHour=6,
    )  # fmt: skip
    assert ["hot_lead", "new_lead"] == told["email"]["kinds"]
    assert {"from": "22:00", "until": "07:30"} == told["quietHours"]
    assert ("America/New_York", 6) == (told["timeZone"], told["summaryHour"])
    rows = market.rows(
        "SELECT channel, quiet_from, quiet_until, time_zone, summary_hour FROM outbound.destinations "
        "WHERE user_id = %s",
        buyer.user_id,
    )
    assert {(name, dt.time(22), dt.time(7, 30), "America/New_York", 6) for name in ("email", "sms")} == set(rows)
    told = saved(market, buyer, email={"kinds": []})
    assert ([], None, None, None, 8) == (
        told["email"]["kinds"], told["sms"], told["quietHours"], told["timeZone"], told["summaryHour"],
    )  # fmt: skip


def test_the_number_is_kept_sealed_shown_masked_and_the_opting_in_is_dated(market, buyer):
    told = saved(market, buyer, sms={"phone": PHONE, "optIn": True, "kinds": ["new_lead"]})
    assert {"phone": "+1202*****23", "optIn": True, "optedInAt": "2026-03-02T12:00:00Z", "kinds": ["new_lead"]} == (
        told["sms"]
    )
    [(sealed, shown, opted_in, deleted)] = market.rows(SMS_ROWS, buyer.user_id)
    assert b"2025550123" not in sealed
    assert b"+12025550123" == credential_seal(market.settings).open(sealed)
    assert ("+1202*****23", NOW, None) == (shown, opted_in, deleted)


def test_the_same_number_and_none_at_all_keep_the_opting_in_and_another_number_is_a_new_one(market, buyer):
    sms = {"optIn": True, "kinds": ["new_lead"]}
    saved(market, buyer, sms={**sms, "phone": PHONE})
    market.now = NOW + dt.timedelta(hours=1)
    assert "2026-03-02T12:00:00Z" == saved(market, buyer, sms={**sms, "phone": "+12025550123"})["sms"]["optedInAt"]
    assert "2026-03-02T12:00:00Z" == saved(market, buyer, sms={**sms, "kinds": ["hot_lead"]})["sms"]["optedInAt"]
    assert "2026-03-02T13:00:00Z" == saved(market, buyer, sms={**sms, "phone": OTHER})["sms"]["optedInAt"]
    first, second = market.rows(SMS_ROWS, buyer.user_id)
    assert (NOW, market.now, market.now, None) == (first[2], first[3], second[2], second[3])


@pytest.mark.parametrize("out", [{}, {"sms": None}, {"sms": {"optIn": False}}], ids=["absent", "null", "false"])
def test_opting_out_ends_it_and_keeps_the_record_and_opting_in_again_is_anew(market, buyer, out):
    sms = {"phone": PHONE, "optIn": True, "kinds": ["new_lead"]}
    saved(market, buyer, sms=sms)
    market.now = NOW + dt.timedelta(hours=1)
    assert saved(market, buyer, **out)["sms"] is None
    assert [] == market.rows("SELECT 1 FROM outbound.receivers WHERE channel = 'sms'")
    assert [(NOW, market.now)] == [row[2:] for row in market.rows(SMS_ROWS, buyer.user_id)]
    market.now = NOW + dt.timedelta(hours=2)
    saved(market, buyer, sms=sms)
    assert [(NOW, False), (market.now, True)] == [
        (opted, deleted is None) for *_, opted, deleted in market.rows(SMS_ROWS, buyer.user_id)
    ]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["email"]),
        ({"email": {"kinds": ["nonsense"]}}, ["email.kinds.0"]),
        ({"email": {"kinds": ["new_lead", "outreach", "manager_notice"]}}, ["email.kinds.1", "email.kinds.2"]),
        ({"email": {"kinds": [], "more": 1}}, ["email.more"]),
        ({"email": {"kinds": []}, "sms": {"phone": PHONE}}, ["sms.optIn"]),
        ({"email": {"kinds": []}, "sms": {"phone": PHONE, "optIn": "yes"}}, ["sms.optIn"]),
        ({"email": {"kinds": []}, "sms": {"optIn": True}}, ["sms.phone"]),
        ({"email": {"kinds": []}, "sms": {"optIn": True, "phone": "202-555-0123"}}, ["sms.phone"]),
        ({"email": {"kinds": []}, "sms": {"optIn": True, "phone": "+1800"}}, ["sms.phone"]),
        ({"email": {"kinds": []}, "sms": {"optIn": True, "phone": "+18002345678"}}, ["sms.phone"]),
        ({"email": {"kinds": []}, "sms": {"optIn": True, "phone": PHONE, "kinds": ["daily_summary"]}}, ["sms.kinds.0"]),
        ({"email": {"kinds": []}, "quietHours": {"from": "22:00"}}, ["quietHours.until"]),
        ({"email": {"kinds": []}, "quietHours": {"from": "24:00", "until": "7:00"}},
         ["quietHours.from", "quietHours.until"]),
        ({"email": {"kinds": []}, "quietHours": {"from": "07:00", "until": "07:00"}}, ["quietHours.until"]),
        ({"email": {"kinds": []}, "timeZone": "Mars/Olympus"}, ["timeZone"]),
        ({"email": {"kinds": []}, "timeZone": "../../etc/passwd"}, ["timeZone"]),
        ({"email": {"kinds": []}, "summaryHour": 24}, ["summaryHour"]),
        ({"email": {"kinds": ["x"]}, "sms": {"optIn": True, "phone": "1"}, "timeZone": "x"},
         ["timeZone", "email.kinds.0", "sms.phone"]),
    ],
)  # fmt: skip
def test_each_fault_is_told_at_its_field_and_nothing_is_changed(market, buyer, body, fields):
    before = of(market, buyer)
    assert fields == faults(market, buyer, body)
    assert before == of(market, buyer)


def test_each_person_has_their_own_preferences_in_each_team(market, buyer):
    seller = market.seller("Zoe")
    with market.connect() as conn:
        colleague = market.person(conn, "BUYER", "Cy", buyer.workspace_id, buyer_id=buyer.buyer_id)
        conn.execute(
            "INSERT INTO core.memberships (user_id, workspace_id, role) VALUES (%s, %s, 'SELLER')",
            [buyer.user_id, seller.workspace_id],
        )
    saved(market, buyer, email={"kinds": ["refunded"]}, sms={"phone": PHONE, "optIn": True})
    assert (DEFAULT, None) == (of(market, colleague)["email"]["kinds"], of(market, colleague)["sms"])
    others = "SELECT kinds FROM outbound.destinations WHERE user_id = %s AND workspace_id = %s AND channel = 'email'"
    assert ["endpoint_disabled"] == market.one(others, buyer.user_id, seller.workspace_id)
