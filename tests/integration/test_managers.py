"""Managers of realtors: who is told and how, saved once, sealed, refused by the field at fault; and the command."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from rich.console import Console
from typer.testing import CliRunner

from lead_pipeline.cli import app
from lead_pipeline.cli import managers as command
from lead_pipeline.errors import FieldsRefused, NotFound
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.save_manager import NewManager, save_manager
from lead_pipeline.store.connections import connect
from lead_pipeline.store.managers import list_managers, remove_manager
from lead_pipeline.store.schema import ROLES
from lead_pipeline.store.sealed import Seal

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SLACK = "https://hooks.slack.com/services/T0/B0/secret-part"
ALL = {"email": "rita@agency.example", "phone": "+55 11 91234-5678", "slack": SLACK, "sms_opt_in": True}
DESTINATIONS = (
    "SELECT channel, shown, kinds, status, deleted_at IS NULL FROM outbound.destinations ORDER BY created_at, 1"
)
ADDRESSES = "SELECT channel, address_sealed FROM outbound.destinations WHERE deleted_at IS NULL ORDER BY 1"


class Managers:
    """The managers of a world's seller."""

    def __init__(self, world: Any) -> None:
        self.world, self.seal = world, Seal(Fernet.generate_key().decode())
        self.workspace = str(world.one("SELECT workspace_id FROM core.workspaces WHERE slug = 'seller'"))

    def save(self, realtor: str = "marina@agency.example", name: str = "Rita", at: datetime = NOON, **told: Any) -> str:
        sent = NewManager(realtor, told.pop("realtor_name", "Marina Prado"), name, **told)
        with connect(self.world.url, autocommit=True) as conn:
            return save_manager(conn, self.seal, self.workspace, sent, Run("test", lambda: at))

    def addresses(self) -> dict[str, str]:
        return {channel: self.seal.open(sealed).decode() for channel, sealed in self.world.rows(ADDRESSES)}


@pytest.fixture
def managers(world: Any) -> Managers:
    return Managers(world)


def test_a_manager_is_told_in_the_ways_given_and_its_addresses_are_sealed(managers: Managers) -> None:
    managers.save(**ALL)
    assert {"email": "rita@agency.example", "sms": "+5511912345678", "slack": SLACK} == managers.addresses()
    kinds = ["manager_notice"]
    assert [
        ("email", "r***@agency.example", kinds, "active", True),
        ("slack", "hooks.slack.com", kinds, "active", True),
        ("sms", "+5511*******78", kinds, "active", True),
    ] == managers.world.rows(DESTINATIONS)
    stored = str(managers.world.rows("SELECT d::text FROM outbound.destinations d"))
    for hidden in ("rita@", "912345", "secret-part"):
        assert hidden not in stored
    with connect(managers.world.url) as conn:
        [listed] = list_managers(conn)
    assert ("seller", "marina@agency.example", "Rita") == (listed.workspace, listed.realtor, listed.manager_name)
    assert ["email r***@agency.example", "slack hooks.slack.com", "sms +5511*******78"] == listed.told_by


def test_two_same_are_one_and_nothing_of_it_changes(managers: Managers) -> None:
    first = managers.save(" Marina@AGENCY.example ", **ALL)
    before = managers.world.rows("SELECT * FROM outbound.destinations ORDER BY 1")
    assert first == managers.save(at=NOON + timedelta(days=1), **ALL)
    assert before == managers.world.rows("SELECT * FROM outbound.destinations ORDER BY 1")
    assert [(NOON,)] == managers.world.rows("SELECT created_at FROM core.realtor_managers")


def test_saved_again_a_manager_is_told_in_the_new_ways_and_no_others(managers: Managers) -> None:
    managers.save(**ALL)
    [[kept]] = managers.world.rows("SELECT destination_id FROM outbound.destinations WHERE channel = 'email'")
    managers.world.execute(
        "UPDATE outbound.destinations "
        "SET status = 'disabled', status_reason = 'gone', failures = 3, failing_since = now()"
    )
    managers.save(email="new@agency.example", realtor_name="Marina P.")
    assert {"email": "new@agency.example"} == managers.addresses()
    assert [(kept, "active", 0)] == managers.world.rows(
        "SELECT destination_id, status, failures FROM outbound.destinations WHERE deleted_at IS NULL"
    )
    assert [("Marina P.",)] == managers.world.rows("SELECT realtor_name FROM core.realtor_managers")


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, ["email"]),
        ({"email": "nobody"}, ["email"]),
        ({"phone": "123", "sms_opt_in": True}, ["phone"]),
        ({"phone": "11 91234-5678", "sms_opt_in": True}, ["phone"]),
        ({"phone": "+5511912345678"}, ["phone"]),
        ({"slack": "hooks.slack.com/x"}, ["slack"]),
        ({"slack": "http://hooks.slack.com/x"}, ["slack"]),
        ({"slack": "https://user:pass@hooks.slack.com/x"}, ["slack"]),
        ({"slack": "https://[::1/x"}, ["slack"]),
        ({"realtor": "mail@@", "email": "a@agency.example"}, ["realtor"]),
        ({"realtor": " ", "name": "", "realtor_name": "\u202e", "email": "x"},
         ["realtor", "realtor_name", "manager_name", "email"]),
        ({"name": "x" * 201, "email": "a@agency.example"}, ["manager_name"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_field_and_nothing_is_saved(
    managers: Managers, sent: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(FieldsRefused) as refused:
        managers.save(**sent)
    assert fields == [fault["field"] for fault in refused.value.errors]
    assert "91234" not in str(refused.value)
    assert "pass" not in str(refused.value)
    assert [] == managers.world.rows("SELECT 1 FROM core.realtor_managers")


def test_a_removed_manager_is_told_no_more_and_may_come_back(managers: Managers) -> None:
    first = managers.save(**ALL)
    with connect(managers.world.url, autocommit=True) as conn:
        assert "Rita" == remove_manager(conn, first, NOON).manager_name
        assert [] == list_managers(conn)
        for unknown in (first, "none"):
            with pytest.raises(NotFound, match="managers list"):
                remove_manager(conn, unknown, NOON)
    assert {} == managers.addresses()
    assert first != managers.save(**ALL)
    assert ["email", "slack", "sms"] == list(managers.addresses())


@pytest.mark.parametrize("role", ROLES)
def test_a_workspace_sees_its_own_managers_and_no_address(managers: Managers, role: str) -> None:
    managers.save(**ALL)
    other = managers.world.one("SELECT workspace_id FROM core.workspaces WHERE slug = 'tech'")
    with connect(managers.world.url, autocommit=True) as conn:
        conn.execute(f"SET ROLE {role}")
        for workspace, seen in (("", 0), (str(other), 0), (managers.workspace, 1)):
            conn.execute("SELECT set_config('lead_pipeline.workspace_id', %s, false)", [workspace])
            assert [(seen,)] == conn.execute("SELECT count(*) FROM core.realtor_managers").fetchall()


def test_the_command_adds_lists_and_removes_without_showing_an_address(
    managers: Managers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in managers.world.environment.items():
        monkeypatch.setenv(name, value)
    said = io.StringIO()
    monkeypatch.setattr(command, "_console", Console(file=said, width=200))
    runner = CliRunner()
    who = ["managers", "add", "seller", "S-7", "--realtor-name", "Marina Prado", "--manager-name", "Rita"]
    refused = runner.invoke(app, [*who, "--phone", "+5511912345678"])
    assert "--sms-opt-in" in str(refused.exception)
    assert 0 == runner.invoke(app, [*who, "--phone", "+5511912345678", "--sms-opt-in", "--slack", SLACK]).exit_code
    assert 0 == runner.invoke(app, ["managers", "list", "seller"]).exit_code
    [[manager]] = managers.world.rows("SELECT manager_id::text FROM core.realtor_managers")
    assert 0 == runner.invoke(app, ["managers", "remove", manager]).exit_code
    assert "slack hooks.slack.com, sms +5511*******78" in said.getvalue()
    assert "Rita is told no more about Marina Prado." in said.getvalue()
    for hidden in ("912345", "secret-part"):
        assert hidden not in said.getvalue()
    assert {} == managers.addresses()
