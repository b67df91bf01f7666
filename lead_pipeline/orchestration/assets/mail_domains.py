"""Layer core: the mail domains of new leads, and whether DNS says that they accept mail."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from lead_pipeline.orchestration.partitions import day_of
from lead_pipeline.orchestration.policies import DAILY, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.check_mail_domains import check_mail_domains
from lead_pipeline.steps.run import Run

OFF = "not asked: MX_CHECK is off"


@asset(deps=["validated_leads"], group_name="core", kinds={"python", "postgres"}, **DAILY)
def mail_domains(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """Mail domains of a day's leads that accept mail or do not, by their MX, A and AAAA records; each is asked about
    once in thirty days. Nobody is asked unless MX_CHECK is on.
    """
    settings = pipeline.settings
    if not settings.mx_check:
        context.log.info(OFF)
        return MaterializeResult(metadata={"mx_check": OFF})
    from lead_pipeline.vendors.mail_dns import DnsMailResolver  # noqa: PLC0415 - no other run needs dnspython

    day, run = day_of(context.partition_key), Run(context.run_id)
    with permanent_errors_are_final():
        counts = check_mail_domains(pipeline.url, DnsMailResolver(), day, run, concurrency=settings.vendor_concurrency)
    return MaterializeResult(metadata={"dagster/table_name": "core.mail_domains", **vars(counts)})
