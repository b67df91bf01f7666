"""Accounts at platforms: over HTTP, sealed, rotated, taken over from before; their credentials nowhere in sight."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet

from lead_pipeline.contracts.platform_accounts import AccountSent
from lead_pipeline.errors import SettingsError
from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps.adopt_platform_settings import adopt_platform_settings
from lead_pipeline.steps.save_platform_account import put_account
from lead_pipeline.store.connections import connect
from lead_pipeline.store.platform_accounts import account_at
from lead_pipeline.store.resealing import SEALED, reseal
from lead_pipeline.store.sealed import Seal, credential_seal
from tests.integration.conftest import SEAL
from tests.integration.uploading import account_of, hubspot, ready, salesforce, save, seller

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 2, tzinfo=UTC)
CANARY = "canary-3f9a"
SALESFORCE: dict[str, Any] = {
    "provider": "salesforce",
    "url": "https://acme.my.salesforce.com",
    "credentials": {"client_id": "id", "client_secret": CANARY},
    "options": {"external_id_field": "Lead_Pipeline_Id__c"},
    "mapping": {"LastName": "primary_contact.full_name", "Company": "company_name"},
}
PATH = "/api/platforms/tech-platform"


def kept(market: Any, workspace_id: str) -> Any:
    with market.connect() as conn:
        return account_at(conn, credential_seal(market.settings), workspace_id, "tech-platform")


@pytest.fixture
def ada(market: Any) -> Any:
    return market.seller()


def make(market: Any, person: Any, **changes: Any) -> Any:
    return market.call(person, "POST", "/api/platforms", {"platform": "tech-platform", **SALESFORCE, **changes})


def test_an_account_is_made_read_and_removed_and_never_tells_its_credentials(market: Any, ada: Any) -> None:
    made = make(market, ada)
    assert 201 == made.status_code, made.text
    answers = [made, *(market.call(ada, "GET", path) for path in (PATH, "/api/platforms"))]
    for answer in answers:
        assert CANARY not in answer.text
        assert "redential" not in answer.text
    told = made.json()["account"]
    assert {"object": "Lead", "external_id_field": "Lead_Pipeline_Id__c", "api_version": "62.0"} == told["options"]
    assert (1, f"user {ada.user_id}") == (told["version"], told["updatedBy"])
    assert CANARY == kept(market, ada.workspace_id).credentials["client_secret"]
    assert 409 == make(market, ada).status_code
    assert 200 == market.call(ada, "DELETE", PATH).status_code
    assert [404] * 2 == [market.call(ada, how, PATH).status_code for how in ("GET", "DELETE")]


def test_every_field_at_fault_is_named_and_nothing_is_saved(market: Any, ada: Any) -> None:
    refused = make(market, ada, url="http://acme.example", mapping={"Company": "company"}, options={})
    assert 422 == refused.status_code
    assert {"url", "options.external_id_field", "mapping.Company", "mapping.LastName"} == {
        one["field"] for one in refused.json()["errors"]
    }
    assert 0 == market.one("SELECT count(*) FROM outbound.platform_accounts")
    assert CANARY not in refused.text


def test_credentials_stay_where_they_are_not_sent_but_never_move_to_another_host(market: Any, ada: Any) -> None:
    make(market, ada)
    change = {name: value for name, value in SALESFORCE.items() if name != "credentials"}
    mapped = {**change, "mapping": {**SALESFORCE["mapping"], "City": "location.city"}, "version": 1}
    answer = market.call(ada, "PUT", PATH, mapped)
    assert (200, 2) == (answer.status_code, answer.json()["account"]["version"])
    assert CANARY == kept(market, ada.workspace_id).credentials["client_secret"]
    for moved in ({"url": "https://evil.example"}, {"provider": "http", "mapping": {}, "options": {}}):
        refused = market.call(ada, "PUT", PATH, {**change, **moved})
        assert (422, ["credentials"]) == (refused.status_code, [one["field"] for one in refused.json()["errors"]])
    assert 409 == market.call(ada, "PUT", PATH, mapped).status_code
    assert 404 == market.call(ada, "PUT", "/api/platforms/retail-platform", {**SALESFORCE}).status_code


def test_saving_the_same_account_again_changes_nothing(world: Any) -> None:
    sent = AccountSent.model_validate(SALESFORCE)
    with connect(world.url, autocommit=True) as conn:
        for _ in range(2):
            shown = put_account(conn, SEAL, seller(world), "tech-platform", sent, updated_by="x", now=NOW)
    assert 2 == shown.version, "the seed's, and this one"


def test_credentials_are_sealed_in_the_table_and_nobody_but_the_owner_reads_them(world: Any) -> None:
    save(world, salesforce(world, credentials={"client_id": "id", "client_secret": CANARY}))
    assert 0 == world.one(
        "SELECT count(*) FROM outbound.platform_accounts WHERE position(%s::bytea IN credentials_sealed) > 0",
        CANARY.encode(),
    )
    columns = (
        "SELECT count(*) FROM information_schema.column_privileges WHERE table_name = 'platform_accounts' "
        "AND column_name = 'credentials_sealed' AND grantee LIKE 'lead_pipeline%%'"
    )
    assert 0 == world.one(columns)


def test_a_new_key_in_front_reseals_everything_in_chunks_and_a_second_time_changes_nothing(world: Any) -> None:
    new = Fernet.generate_key().decode()
    old_key = world.environment["CREDENTIAL_KEYS"]
    both = Seal(f"{new},{old_key}", "CREDENTIAL_KEYS")
    owner = seller(world)
    with connect(world.url, autocommit=True) as conn:
        for number in range(5):
            conn.execute(
                "INSERT INTO outbound.destinations (workspace_id, channel, address_sealed, secret_sealed, kinds) "
                "VALUES (%s, 'webhook', %s, %s, '{}')",
                [owner, SEAL.seal(f"https://{number}".encode()), SEAL.seal(b"secret")],
            )
        changed = [reseal(conn, both, which, chunk=2) for which in SEALED]
        accounts = world.one("SELECT count(*) FROM outbound.platform_accounts")
        assert [accounts, 5, 5, 0] == changed
        assert [0] * 4 == [reseal(conn, both, which, chunk=2) for which in SEALED]
        only_new = Seal(new, "CREDENTIAL_KEYS")
        opened = account_at(conn, only_new, owner, "tech-platform")
        assert opened is not None
        assert {"api_key": SANDBOX_KEY} == opened.credentials
        sealed = conn.execute("SELECT address_sealed FROM outbound.destinations WHERE channel = 'webhook'").fetchall()
    assert {f"https://{number}" for number in range(5)} == {only_new.open(bytes(one)).decode() for (one,) in sealed}
    with connect(world.url) as conn, pytest.raises(SettingsError, match="CREDENTIAL_KEYS"):
        account_at(conn, SEAL, owner, "tech-platform")


def test_plain_keys_in_settings_become_accounts_and_are_gone(world: Any) -> None:
    world.execute("DELETE FROM outbound.platform_accounts")
    plain = {
        "tech-platform": {"url": "https://a.example", "api_key": CANARY},
        "healthcare-platform": {"url": "https://b.example", "api_key": CANARY},
        "retail-platform": {"url": 7},
        "space-platform": {"url": "https://c.example", "api_key": CANARY},
    }
    world.execute(
        "UPDATE core.workspaces SET settings = %s WHERE slug = 'seller'", json.dumps({"platforms": plain, "x": 1})
    )
    with connect(world.url, autocommit=True) as conn:
        done = {one.platform: one.fault for one in adopt_platform_settings(conn, SEAL, NOW)}
        assert done["tech-platform"] is None
        assert "mapping: is empty" in done["healthcare-platform"]
        assert "url" in done["retail-platform"]
        assert "platform: is none of" in done["space-platform"]
        assert CANARY not in str(done)
        assert {"tech-platform"} == set(done) - {one.platform for one in adopt_platform_settings(conn, SEAL, NOW)}
    assert CANARY == account_of(world, "tech-platform").credentials["api_key"]
    left = world.one("SELECT settings FROM core.workspaces WHERE slug = 'seller'")
    assert {"healthcare-platform", "retail-platform", "space-platform"} == set(left["platforms"])
    world.execute(
        "UPDATE core.workspaces SET settings = %s WHERE slug = 'seller'",
        json.dumps({"platforms": {"tech-platform": plain["tech-platform"]}, "x": 1}),
    )
    with connect(world.url, autocommit=True) as conn:
        adopt_platform_settings(conn, SEAL, NOW)
    assert {"x": 1} == world.one("SELECT settings FROM core.workspaces WHERE slug = 'seller'")


def test_no_credential_is_in_a_runs_events_metadata_or_tables(world: Any, dagster: Any, capfd: Any) -> None:
    save(world, salesforce(world, credentials={"client_id": CANARY, "client_secret": CANARY}))
    save(world, hubspot(world, credentials={"access_token": CANARY}))
    save(world, hubspot(world, "finance-platform", credentials={"access_token": CANARY}, url="http://127.0.0.1:9"))
    for platform in ("tech-platform", "marketing-platform"):
        ready(world, platform, [f"Firm of {platform}"])
    result = world.run_job(dagster)
    assert result.success
    told = [str(event) for event in result.all_events]
    told += [str(record.message) for record in dagster.all_logs(result.run_id)]
    names = world.rows("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname NOT LIKE 'pg_%%'")
    tables = [world.one(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {name} t") for (name,) in names]
    printed = capfd.readouterr()
    for text in (*told, *tables, printed.out, printed.err):
        assert CANARY not in text
    assert {"intended"} == {status for (status,) in world.rows(
        "SELECT DISTINCT u.status FROM outbound.platform_uploads u JOIN outbound.upload_batches b USING (batch_key) "
        "WHERE b.platform IN ('tech-platform', 'marketing-platform')"
    )}  # fmt: skip
