"""What each scenario sends when: the same for the same play, over a whole day, with the shares that it promises."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import phonenumbers
import pytest

from lead_pipeline.domain.crm_closing import read_closing
from lead_pipeline.domain.drift import judge
from lead_pipeline.domain.field_profile import merged, profile_of
from lead_pipeline.domain.webhooks import SOURCES, read_envelope
from lead_pipeline.errors import SettingsError
from lead_pipeline.sandbox.brazil import people_index
from lead_pipeline.sandbox.scenarios import brazil_day
from lead_pipeline.sandbox.scenarios.events import domain_of
from lead_pipeline.sandbox.scenarios.registry import SCENARIOS, scenario_named
from lead_pipeline.sandbox.scenarios.scenario import DAY, HOUR, Play

DAY_OF = date(2026, 3, 2)
SEEDS = (1, 7, 1_790_000_123)


def play_of(name, seed=7):
    return Play(name, seed, DAY_OF)


def messages(name, seed=7):
    return list(SCENARIOS[name].messages(play_of(name, seed)))


def leads_of(listed):
    """The lead of each message of Contact2Sale: action, attributes."""
    events = [message.event.get("data", message.event) for message in listed if message.source == "c2s"]
    return [(event["id"], event["hook_action"], event["attributes"]) for event in events]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_play_gives_the_same_messages_and_another_seed_other_events(name):
    assert messages(name) == messages(name)
    first, other = ({str(message.event) for message in messages(name, seed)} for seed in (1, 2))
    assert not first & other


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_message_lies_within_the_day_and_comes_from_a_known_source(name):
    listed = messages(name)
    assert all(0 <= message.at < DAY for message in listed)
    assert {message.source for message in listed} <= set(SOURCES)
    scenario = SCENARIOS[name]
    assert all((scenario.name == name, scenario.description.endswith("."), scenario.look))
    assert all(0 <= trouble.begins < trouble.ends <= DAY for trouble in scenario.troubles)


@pytest.mark.parametrize("name", SCENARIOS)
def test_events_without_a_flaw_are_what_the_intake_knows(name):
    for message in messages(name):
        body = message.event if isinstance(message.event, bytes) else json.dumps(message.event).encode()
        is_unknown = read_envelope(message.source, body).holds == "unknown"
        assert ("quarantined" == message.expected) == is_unknown


@pytest.mark.parametrize("name", SCENARIOS)
def test_only_duplicates_share_an_event_with_what_was_sent_before(name):
    seen = set()
    for message in sorted(messages(name), key=lambda message: message.at):
        body = message.event if isinstance(message.event, bytes) else json.dumps(message.event).encode()
        key = message.source, read_envelope(message.source, body).external_id
        if not (message.flaw or message.age):
            assert (message.expected == "duplicate") == (key in seen)
        if message.expected in ("accepted", "quarantined"):
            seen.add(key)


def test_a_clean_day_has_all_four_vendors_and_clay_answers_for_leads_of_the_morning():
    listed = messages("clean-day")
    quarters = {(message.source, int(message.at // (6 * HOUR))) for message in listed}
    assert {(source, quarter) for source in ("datashopper", "c2s") for quarter in range(4)} <= quarters
    assert 5 == sum(message.source == "audience-labs" for message in listed)
    sent = {domain_of(message.event["lead"]["website"]): message.at for message in listed if "lead" in message.event}
    answers = [message for message in listed if "domain" in message.event]
    assert 12 == len(answers)
    assert all(message.at - sent[message.event["domain"]] == DAY / 2 for message in answers)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_brazilian_day_has_24_leads_over_24_hours_some_updated_and_closed(seed):
    listed = messages("brazil-day", seed)
    assert max(message.at for message in listed) - min(message.at for message in listed) > 22 * HOUR
    created = [message.at for message in listed if "on_create_lead" in str(message.event)]
    assert list(range(24)) == [int(at // HOUR) for at in created]
    actions = Counter(action for _, action, _ in leads_of(listed))
    assert {"on_create_lead": 24, "on_update_lead": 14, "on_close_lead": 9} == actions
    times = {}
    for lead, action, attributes in leads_of(sorted(listed, key=lambda message: message.at)):
        assert (action == "on_create_lead") == (lead not in times)
        assert times.get(lead, "") < attributes["updated_at"]
        times[lead] = attributes["updated_at"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_brazilian_day_has_the_contacts_that_it_promises(seed):
    play = replace(play_of("brazil-day", seed), people_seed=11)
    kinds, known = brazil_day.kinds_of(play), people_index(11)
    assert Counter(brazil_day.KINDS) == Counter(kinds)
    created = [
        attributes["customer"]
        for _, action, attributes in leads_of(list(brazil_day.brazil_day(play)))
        if action == "on_create_lead"
    ]
    assert 24 == len({(customer["name"], customer["phone"]) for customer in created})
    for kind, customer in zip(kinds, created, strict=True):
        number = phonenumbers.parse(customer["phone"], "BR")
        is_valid = phonenumbers.is_valid_number(number)
        by_phone = known.by_phone.get(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        by_email = known.by_email.get(customer["email"])
        assert customer["email"].endswith("example.com")
        assert (kind != "invalid phone") == is_valid
        assert (kind == "fake e-mail") == any(digits in customer["email"] for digits in brazil_day.FAKE)
        assert (kind == "unknown", kind in ("known", "fake e-mail", "two persons")) == (
            by_phone is by_email is None, by_phone is not None,
        )  # fmt: skip
        assert (kind == "two persons") == (by_phone is not None and by_email is not None and by_phone != by_email)


def test_closed_leads_of_a_brazilian_day_name_the_realtors_who_closed_them():
    closings = [closing for message in messages("brazil-day") if (closing := closing_of(message)) is not None]
    keys = {(realtor["email"], realtor["id"]) for realtor in brazil_day.REALTORS}
    assert keys == {closing.keys for closing in closings}
    assert brazil_day.CLOSED == len({closing.subject for closing in closings})
    assert all(closing.customer and closing.source for closing in closings)


def closing_of(message):
    return read_closing(json.dumps(message.event).encode())


def test_an_unchanged_update_names_the_same_contacts_in_another_spelling():
    customers = {}
    changes = Counter()
    for lead, action, attributes in leads_of(sorted(messages("brazil-day"), key=lambda message: message.at)):
        customer = attributes["customer"]
        contact = customer["email"], phonenumbers.parse(customer["phone"], "BR").national_number
        if action == "on_update_lead":
            changes[contact == customers[lead]] += 1
        customers[lead] = contact
    assert {False: brazil_day.CHANGED, True: brazil_day.UNCHANGED} == changes


def test_an_import_has_at_most_100_leads_a_batch_and_one_end():
    events = [message.event for message in sorted(messages("audience-import"), key=lambda message: message.at)]
    by_import = {}
    for event in events[1:]:
        by_import.setdefault(event["import_id"], []).append((event["event_type"], len(event.get("leads", ()))))
    batch, done, failed = "import.batch", ("import.completed", 0), ("import.failed", 0)
    assert [
        [(batch, 100), (batch, 100), (batch, 50), done],
        [(batch, 100), done],
        [(batch, 100), (batch, 80), failed],
    ] == list(by_import.values())


def test_what_is_out_of_order_is_sent_before_what_it_follows():
    listed = sorted(messages("out-of-order"), key=lambda message: message.at)
    first = {}
    for lead, action, _ in leads_of(listed):
        first.setdefault(lead, action)
    assert {"on_update_lead", "on_close_lead"} == set(first.values())
    assert "import.completed" == next(m.event["event_type"] for m in listed if m.source == "audience-labs")


def test_a_burst_is_620_events_within_a_minute():
    times = [message.at for message in messages("burst")]
    assert 620 == sum(12 * HOUR <= at < 12 * HOUR + 60 for at in times) == len(times) - 2


def test_a_drift_begins_at_noon_and_only_then():
    for message in messages("schema-drift"):
        if message.source == "datashopper":
            assert ("email_address" in message.event["leads"][0]) == (message.at >= DAY / 2)


def test_an_unknown_name_lists_every_scenario():
    with pytest.raises(SettingsError) as error:
        scenario_named("brasil-day")
    assert all(name in str(error.value) for name in SCENARIOS)


def test_the_drift_watch_names_the_fields_that_drift_once_it_knows_three_days():
    for source, event, fields in (
        ("datashopper", "leads.batch", {"leads[].email", "leads[].signals[].signal_strength"}),
        ("audience-labs", "import.batch", {"leads[].email"}),
    ):
        days = {}
        for back in (3, 2, 1, 0):
            until = DAY / 2 if back else DAY
            payloads = [m.event for m in messages("schema-drift", back) if m.source == source and m.at < until]
            days[DAY_OF - timedelta(back)] = profile_of(payloads, merged(days.values()).fields)
        assert fields <= {finding.field for finding in judge(source, event, days, DAY_OF).findings}
