"""The retention job: it counts before it removes, every day at four, and tries three times in all."""

from lead_pipeline.orchestration.retention import JOBS, SCHEDULES
from lead_pipeline.steps.retention import JOBS_KEPT, LEADS_KEPT


def test_the_job_counts_what_is_due_before_it_removes_it() -> None:
    [job] = JOBS
    assert "retention" == job.name
    order = [node.name for node in job.nodes_in_topological_order]
    assert ["count_what_is_due", "remove_what_is_due"] == order


def test_it_runs_every_day_at_four_utc() -> None:
    [schedule] = SCHEDULES
    assert ("0 4 * * *", "UTC", "retention") == (
        schedule.cron_schedule,
        schedule.execution_timezone,
        schedule.job_name,
    )


def test_each_of_its_steps_is_tried_three_times_in_all_and_says_what_it_does() -> None:
    nodes = [node.definition for node in JOBS[0].nodes]
    assert {2} == {node.retry_policy.max_retries for node in nodes}
    assert all(node.description for node in nodes)


def test_jobs_are_kept_for_90_days_and_leads_for_a_year() -> None:
    assert (90, 365) == (JOBS_KEPT.days, LEADS_KEPT.days)
