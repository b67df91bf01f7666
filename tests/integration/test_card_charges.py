"""Cards charged by a run of Dagster: what no service came to, declined cards again, and who asks for the run."""

import pytest
from dagster import DagsterInstance, RunRequest, SkipReason, build_sensor_context

from lead_pipeline.orchestration.recharges import card_charges_schedule, payments_to_settle
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.store.payments import note_intent
from tests.integration.stripe_market import CHARGING_DECLINED, event

pytestmark = pytest.mark.integration


@pytest.fixture
def instance(books, tmp_path, monkeypatch):
    for name, value in {
        "DATABASE_URL": books.url, "SANDBOX_URL": books.sandbox, "LEAD_PIPELINE_VAR": str(tmp_path),
        "VENDOR_TIMEOUT_SECONDS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with DagsterInstance.ephemeral() as made:
        yield made


def run(instance):
    from lead_pipeline.definitions import defs

    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return defs.resolve_job_def("card_charges").execute_in_process(instance=instance, run_config=quiet)


def shown(result):
    return {
        name: value.value
        for name, value in result.asset_materializations_for_node("card_recharges")[0].metadata.items()
    }


def tick(instance):
    with build_sensor_context(instance=instance, resources={"pipeline": Pipeline()}) as context:
        return payments_to_settle(context)


def older(books, seconds):
    books.rows(
        "UPDATE market.payments SET created_at = now() - make_interval(secs => %s), next_attempt_at = NULL RETURNING 1",
        seconds,
    )


def test_a_run_charges_what_waits_and_says_so(books, instance):
    buyer = books.buyer()
    books.decide(buyer)
    older(books, 60)
    seen = shown(run(instance))
    assert ("market.payments", 1, 0) == tuple(
        seen[name] for name in ("dagster/table_name", "payments_succeeded", "payments_failed")
    )
    assert [10_000] == books.charged() == books.credited()


def test_a_run_tries_a_declined_card_again_once_its_time_has_come(books, instance):
    buyer = books.buyer(card=CHARGING_DECLINED)
    books.decide(buyer)
    older(books, 1)
    assert 1 == shown(run(instance))["payments_failed"]
    assert (0, 0) == asked_and_failed(instance)
    books.rows("UPDATE market.payments SET next_attempt_at = now() RETURNING 1")
    assert (1, 1) == asked_and_failed(instance)


def asked_and_failed(instance):
    seen = shown(run(instance))
    return seen["recharges_asked_for"], seen["payments_failed"]


def test_a_run_applies_events_that_were_landed_and_not_applied(books, instance):
    buyer = books.buyer()
    [payment] = books.decide(buyer)
    with books.connect() as conn:
        note_intent(conn, payment, "pi_1")
        conn.execute("UPDATE market.payments SET state = 'unknown', next_attempt_at = now() + interval '1 day'")
        about = {
            "id": "pi_1",
            "status": "succeeded",
            "amount": 10_000,
            "currency": "usd",
            "metadata": {"payment_id": payment},
        }
        body = event("payment_intent.succeeded", about)
        conn.execute(
            "INSERT INTO raw.drops (source, kind, external_id, headers, body, body_sha256, day, received_at, stage) "
            "VALUES ('stripe', 'webhook', 'event/1', '{}', %s, encode(sha256(%s), 'hex'), now(), "
            "now() - interval '1 minute', 'landed')",
            [body, body],
        )
    assert isinstance(tick(instance), RunRequest)
    seen = shown(run(instance))
    assert (1, 0) == (seen["events_applied"], seen["events_kept"])
    assert ["succeeded"] == books.states(buyer)


def test_the_sensor_asks_for_a_run_only_for_what_no_service_came_to(books, instance):
    assert isinstance(tick(instance), SkipReason)
    buyer = books.buyer()
    books.decide(buyer)
    older(books, 10)
    assert "nothing waits" == tick(instance).skip_message
    older(books, 31)
    asked = tick(instance)
    assert {"lead_pipeline/count": "1"} == asked.tags
    assert isinstance(tick(instance), RunRequest)


def test_the_sensor_skips_while_the_database_is_away(books, instance, monkeypatch):
    with build_sensor_context(instance=instance, resources={"pipeline": Pipeline()}) as context:
        pipeline = context.resources.pipeline
        monkeypatch.setattr(pipeline, "_url", "postgresql://127.0.0.1:9/none", raising=False)
        answer = payments_to_settle(context)
    assert isinstance(answer, SkipReason)
    assert "next tick reads again" in answer.skip_message


def test_the_schedule_runs_every_quarter_of_an_hour_in_utc():
    assert ("*/15 * * * *", "UTC") == (card_charges_schedule.cron_schedule, card_charges_schedule.execution_timezone)
