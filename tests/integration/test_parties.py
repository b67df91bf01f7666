"""The C2S chain: event, contacts, CPF, person, message. The sandbox's own record says what the CRM got."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import psycopg
import pytest
from psycopg import sql

from lead_pipeline.domain.masking import mask_cpf
from lead_pipeline.sandbox.scenarios.brazil_day import brazil_day
from lead_pipeline.sandbox.scenarios.scenario import Play
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.steps.enrich_parties import enrich_parties
from lead_pipeline.steps.look_up_parties import NO_CPF, NO_PERSON
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.schema import ROLES
from lead_pipeline.vendors.work_api import NOBODY, PersonAnswer, read_person
from tests.integration.crm_days import SEED, CrmDays, contacts, opened_chain, person, seal

pytestmark = pytest.mark.integration
FAKE = "1199999999333@gmail.com"
TABLES = (
    "core.crm_events", "core.party_enrichments", "core.contact_lookups", "core.parties", "core.party_links",
    "outbound.crm_messages",
)  # fmt: skip


@pytest.fixture
def crm(world_at: Any) -> Iterator[CrmDays]:
    """A CRM without a limit of calls."""
    with SandboxServer(c2s_per_minute=None) as sandbox:
        yield CrmDays(world_at(sandbox.url))


def test_a_created_lead_ends_as_one_message_about_the_person_behind_its_contacts(crm: CrmDays) -> None:
    who = person(3)
    crm.event("L1", **contacts(who))
    assert {"completed": 1} == crm.run()
    [message] = crm.sent()["L1"]
    for part in (who.name, mask_cpf(who.cpf), who.city, "Mesma pessoa"):
        assert part in message
    for hidden in (who.cpf, who.emails[0], who.phones[0]):
        assert hidden not in message
    assert [("L1", "completed", None)] == crm.events()
    [[masked, sealed]] = crm.world.rows("SELECT cpf_masked, person_sealed FROM core.parties")
    assert mask_cpf(who.cpf) == masked
    assert {"cpf": who.cpf, "name": who.name}.items() <= json.loads(seal(crm.world.var).open(sealed)).items()
    assert [(["email", "phone"], True, 0)] == crm.world.rows(
        "SELECT found_by, same_person, attempts FROM core.party_links JOIN core.party_enrichments USING (enrichment_id)"
    )
    assert [("sent", 1)] == crm.world.rows("SELECT state, attempts FROM outbound.crm_messages")
    assert ["lead L1: same person by phone and e-mail", "lead L1: message sent"] == crm.lines


def test_running_again_does_nothing(crm: CrmDays) -> None:
    crm.event("L1", **contacts(person(3)))
    crm.run()
    before = (crm.world.record(), crm.world.table_sizes())
    assert {"completed": 1} == crm.run()
    assert before == (crm.world.record(), crm.world.table_sizes())


@pytest.mark.parametrize(
    "customer",
    [
        {"name": "No Contacts"},
        {"email": FAKE, "phone": "123"},
        {"email": "nobody@nowhere.example", "phone": "11 91234-5678"},
        {"email": "not an address"},
    ],
)
def test_a_lead_whose_contacts_give_no_cpf_fails_with_these_words(crm: CrmDays, customer: dict[str, str]) -> None:
    crm.event("L1", **customer)
    assert {"failed": 1} == crm.run()
    assert [("L1", "failed", "Could not find CPF via Diretrix")] == crm.events()
    assert {} == crm.sent()
    assert {"failed": 1} == crm.run(how={"retry_failed": True}), "asking again gives the same answer"


def test_a_fake_or_invalid_contact_is_skipped_and_the_others_are_looked_up(crm: CrmDays) -> None:
    who = person(3)
    crm.event("L1", email=FAKE, phone="12", phone2=who.phones[0])
    assert {"completed": 1} == crm.run()
    assert [(1, "email", "skipped", "fake_email:999999", None), (2, "phone", "skipped", "invalid_phone", None),
            (3, "phone", "asked", None, True)] == crm.world.rows(
        "SELECT contact_no, kind, verdict, reason, found FROM core.contact_lookups ORDER BY contact_no"
    )  # fmt: skip
    assert [who.phones[0]] == list(crm.calls("diretrix"))
    assert "Mesma pessoa" not in crm.sent()["L1"][0]
    assert [(None,)] == crm.world.rows("SELECT same_person FROM core.party_enrichments")
    assert "lead L1: skipping fake e-mail (999999)" in crm.lines


def test_contacts_of_two_persons_are_two_parties_in_one_message(crm: CrmDays) -> None:
    crm.event("L1", email=person(3).emails[0], phone=person(4).phones[0])
    assert {"completed": 1} == crm.run()
    [message] = crm.sent()["L1"]
    assert person(3).name in message
    assert person(4).name in message
    assert "pessoas diferentes" in message
    assert [(False,)] == crm.world.rows("SELECT same_person FROM core.party_enrichments")
    assert [(["email"],), (["phone"],)] == crm.world.rows("SELECT found_by FROM core.party_links ORDER BY 1")


def test_an_update_sends_one_more_message_only_where_the_contacts_changed(crm: CrmDays) -> None:
    who, other = person(3), person(4)
    phone = who.phones[0]
    crm.event("L1", **contacts(who))
    crm.run()
    spelt = {"name": "Other", "email": who.emails[0].upper(), "phone": f"({phone[3:5]}) {phone[5:10]}-{phone[10:]}"}
    crm.event("L1", "on_update_lead", minute=1, **spelt)
    crm.run()
    assert 1 == len(crm.sent()["L1"])
    crm.event("L1", "on_update_lead", minute=2, **contacts(other))
    crm.event("L1", "on_close_lead", minute=3)
    crm.run()
    first, second = crm.sent()["L1"]
    assert "atualizado" not in first
    assert "atualizado" in second
    assert other.name in second
    crm.event("L1", "on_update_lead", minute=4, **contacts(who))
    assert {"completed": 2} == crm.run()
    assert 2 == len(crm.sent()["L1"]), "those contacts were told of before"
    verdicts = crm.world.rows("SELECT verdict FROM core.crm_events ORDER BY drop_id")
    assert ["enrich", "unchanged", "enrich", "no_action", "unchanged"] == [verdict for (verdict,) in verdicts]
    assert {("L1", "completed", None)} == set(crm.events())


def test_messages_do_not_hang_on_the_order_or_the_batches_in_which_events_arrive(crm: CrmDays) -> None:
    steps = [
        ("on_create_lead", 0, contacts(person(3))),
        ("on_update_lead", 1, contacts(person(4))),
        ("on_update_lead", 2, contacts(person(3))),
    ]
    texts = set()
    for number, order in enumerate(permutations(steps)):
        for action, minute, customer in order:
            crm.event(f"L{number}", action, minute=minute, **customer)
            if number % 2:
                crm.run()
    assert {"completed": 12} == crm.run()
    for messages in crm.sent().values():
        texts.add(tuple(sorted(person(3).name in one for one in messages)))
    assert {(False, True)} == texts


def test_events_that_come_together_are_taken_in_the_order_of_their_changes(crm: CrmDays) -> None:
    crm.event("L1", "on_update_lead", minute=5, **contacts(person(4)))
    crm.event("L1", minute=1, **contacts(person(3)))
    crm.run()
    first, second = crm.sent()["L1"]
    assert person(3).name in first
    assert person(4).name in second


def test_an_event_without_a_lead_is_refused_with_its_reason_and_nothing_is_asked(crm: CrmDays) -> None:
    crm.event(None, **contacts(person(3)))  # type: ignore[arg-type]
    assert {} == crm.run()
    assert [(None, "failed", "it names no lead: have Contact2Sale send `id`")] == crm.events()
    assert {} == crm.calls("diretrix")


def test_an_event_is_pending_until_its_message_is_sent(crm: CrmDays) -> None:
    crm.event("L1", **contacts(person(3)))
    assert [("L1", "pending", None)] == crm.events()
    crm.decide()
    assert [("L1", "pending", None)] == crm.events()
    crm.world.fault("c2s", "error")
    crm.enrich()
    [[_, status, error]] = crm.events()
    assert "pending" == status
    assert "c2s" in error
    crm.world.clear_faults()
    assert {"completed": 1} == crm.until_settled()
    assert [("L1", "completed", None)] == crm.events()


def test_a_cpf_that_nobody_has_fails_with_its_reason(crm: CrmDays) -> None:
    class Nobody:
        def person(self, cpf: str) -> PersonAnswer:
            return read_person(NOBODY)

    crm.event("L1", **contacts(person(3)))
    crm.decide()
    with opened_chain(crm.world.sandbox, crm.world.var) as chain:
        lonely = replace(chain, work_api=Nobody())  # type: ignore[arg-type]
        assert {"failed": 1} == enrich_parties(crm.world.url, lonely, crm.world.day, Run("test"), concurrency=1)
    assert [("L1", "failed", NO_PERSON)] == crm.events()
    assert NO_PERSON != NO_CPF


def test_a_validation_that_is_switched_off_is_not_made_and_that_is_recorded(crm: CrmDays) -> None:
    crm.event("L1", email=FAKE)
    crm.event("L2", **contacts(person(3)))
    crm.run(off=frozenset({"fake_email"}))
    assert FAKE in crm.calls("diretrix")
    off = ["fake_email"]
    assert [("L1", off, off), ("L2", off, [])] == crm.world.rows(
        "SELECT crm_lead_id, validations_off, validations_used FROM core.party_enrichments ORDER BY 1"
    )


def test_what_a_vendor_will_not_be_asked_is_noted_and_the_other_contacts_go_on(crm: CrmDays) -> None:
    crm.event("L1", email=person(3).emails[0], phone="12")
    crm.event("L2", phone="12")
    crm.run(off=frozenset({"phone"}))
    assert ["L1"] == list(crm.sent())
    [_, [_, status, error]] = crm.events()
    assert "failed" == status
    assert "diretrix" in error
    assert ("refused:422",) in crm.world.rows("SELECT reason FROM core.contact_lookups")


def test_rows_are_made_again_from_the_kept_answers_without_asking_anybody(crm: CrmDays) -> None:
    for number in range(4):
        crm.event(f"L{number}", **contacts(person(number)))
    crm.event("L4", email=FAKE)
    crm.event("L0", "on_update_lead", minute=1, **contacts(person(9)))
    crm.run()
    before, record = rows(crm), crm.world.record()
    crm.world.execute(
        "TRUNCATE core.party_links, core.parties, core.contact_lookups, core.crm_events, core.party_enrichments"
    )
    assert {"completed": 5, "failed": 1} == crm.enrich(keys={"diretrix": "none", "work-api": "none", "c2s": "none"})
    assert before == rows(crm)
    assert record == crm.world.record()


def rows(crm: CrmDays) -> dict[str, list[Any]]:
    """What the chain's tables hold, but for times, runs and numbers that only order rows. Sealed content is opened."""
    found = {}
    for table in TABLES[:-1]:
        names = [name for (name,) in crm.world.rows(
            "SELECT column_name FROM information_schema.columns WHERE table_schema || '.' || table_name = %s "
            "AND column_name NOT IN ('run_id', 'seq') AND column_name NOT LIKE '%%\\_at'", table
        )]  # fmt: skip
        opened = [seal(crm.world.var).open if name.endswith("_sealed") else lambda value: value for name in names]
        read = crm.world.rows(f"SELECT {', '.join(names)} FROM {table}")
        found[table] = sorted(str([open_(value) for open_, value in zip(opened, row, strict=True)]) for row in read)
    return found


def test_no_cpf_address_or_phone_is_anywhere_in_clear(crm: CrmDays) -> None:
    people = [person(number) for number in range(5)]
    for number, who in enumerate(people):
        crm.event(f"L{number}", **contacts(who))
    crm.event("L9", email="not an address", phone="98765", phone2="11 91234-5678")
    crm.run()
    stored = [str(crm.world.rows(f"SELECT t::text FROM {table} t")) for table in TABLES]
    answers = crm.world.rows(
        "SELECT external_id, headers::text, encode(body, 'escape') FROM raw.drops WHERE kind = 'vendor_answer'"
    )
    assert 15 <= len(answers)
    text = "\n".join([*stored, str(answers), *crm.lines])
    for who in people:
        for hidden in (who.cpf, *who.emails, *who.phones, *(phone[3:] for phone in who.phones), who.birth_date):
            assert hidden not in text
        assert who.name not in text
    for hidden in ("not an address", "98765", "91234"):
        assert hidden not in text


@pytest.mark.parametrize("role", ROLES)
def test_a_workspace_sees_its_own_parties_and_nobody_what_is_sealed(crm: CrmDays, role: str) -> None:
    crm.event("L1", **contacts(person(3)))
    crm.run()
    [seller, other] = [crm.world.one("SELECT workspace_id FROM core.workspaces WHERE slug = %s", slug)
                       for slug in ("seller", "tech")]  # fmt: skip
    readable = {
        "core.party_enrichments": "status", "core.contact_lookups": "contact_masked", "core.parties": "cpf_masked",
        "core.party_links": "found_by", "outbound.crm_messages": "state",
    }  # fmt: skip
    with connect(crm.world.url, autocommit=True) as conn:
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        for workspace, seen in ((None, False), (other, False), (seller, True)):
            conn.execute("SELECT set_config('lead_pipeline.workspace_id', %s, false)", [str(workspace or "")])
            for table, column in readable.items():
                assert seen == bool(conn.execute(f"SELECT {column} FROM {table}").fetchall()), table
        for hidden in (
            "core.parties.person_sealed", "core.parties.cpf_digest", "core.party_enrichments.contact_key",
            "outbound.crm_messages.body_sealed", "core.crm_events.drop_id",
        ):  # fmt: skip
            table, _, column = hidden.rpartition(".")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f"SELECT {column} FROM {table}")


def test_a_day_of_the_crm_gives_one_message_per_change_of_contacts_and_none_without_a_cpf(crm: CrmDays) -> None:
    for message in sorted(brazil_day(Play("brazil-day", SEED, crm.world.day)), key=lambda one: one.at):
        crm.world.land("c2s", message.event)
    assert {"completed": 29, "failed": 3} == crm.run(concurrency=8)
    assert 29 == sum(crm.messages().values())
    assert {"Could not find CPF via Diretrix"} == {error for _, status, error in crm.events() if status == "failed"}
    assert 44 == sum(status == "completed" for _, status, _ in crm.events())


def test_an_older_day_is_left_alone(crm: CrmDays) -> None:
    crm.event("L1", **contacts(person(3)))
    crm.decide()
    assert {} == crm.enrich(crm.world.day + dt.timedelta(days=1))
    assert {} == crm.sent()
