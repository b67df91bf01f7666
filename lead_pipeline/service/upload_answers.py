"""What uploads answer: a job with its summary, and a preview. Shapes and their examples; decides nothing."""

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from lead_pipeline.steps.preview_csv import Preview
from lead_pipeline.store.upload_jobs import UploadJob

JOB_PATH = "/api/leads/bulk-upload/{job_id}"
_JOB_EXAMPLE: dict[str, Any] = {
    "success": True,
    "jobId": "019b76da-a800-4000-8000-000000000001",
    "status": "completed",
    "progress": 1.0,
    "duplicate": False,
    "summary": {"total": 4, "successful": 2, "failed": 1, "duplicates": 1, "routing": {"service-industry": 2}},
    "errors": [],
}
_PREVIEW_EXAMPLE: dict[str, Any] = {
    "success": True,
    "dryRun": True,
    "summary": {"total": 4, "new": 1, "same": 1, "changed": 1, "refused": 1, "routing": {"service-industry": 1}},
    "errors": [{"row": 3, "reasons": [{"column": "email", "check": "invalid_email", "value": "no-at-sign"}]}],
    "changes": [{"row": 2, "columns": ["job_title", "phone"]}],
}


class Summary(BaseModel):
    """total = successful + failed + duplicates."""

    total: int = Field(description="Rows that are decided so far.")
    successful: int = Field(description="Rows that became leads.")
    failed: int = Field(description="Rows that were refused; GET .../errors lists them.")
    duplicates: int = Field(description="Rows of leads that the workspace knew.")
    routing: dict[str, int] = Field(description="New leads per workspace that receives them (slug).")


class JobAnswer(BaseModel):
    """A job as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _JOB_EXAMPLE})

    success: bool = Field(description="False where the job failed.")
    job_id: UUID = Field(serialization_alias="jobId")
    status: Literal["processing", "completed", "failed"]
    progress: float = Field(ge=0, le=1, description="Share of the file that is decided.")
    duplicate: bool = Field(default=False, description="Whether the same file was uploaded before: this is that job.")
    summary: Summary
    errors: list[dict[str, Any]] = Field(description="What stopped the job, each `at` and `error`, oldest first.")

    @classmethod
    def of(cls, job: UploadJob, routing: dict[str, int], *, duplicate: bool = False) -> Self:
        """The answer for a job, with the routing of its drop."""
        return cls(
            success=job.status != "failed",
            job_id=job.job_id,
            status=job.status,  # type: ignore[arg-type]  # the table allows these three
            progress=job.progress,
            duplicate=duplicate,
            summary=Summary(
                total=job.total_records,
                successful=job.successful_records,
                failed=job.failed_records,
                duplicates=job.duplicate_records,
                routing=routing,
            ),
            errors=job.error_log,
        )


class PreviewSummary(BaseModel):
    """total = new + same + changed + refused."""

    total: int
    new: int = Field(description="Rows that would become leads.")
    same: int = Field(description="Rows of known leads that say nothing new.")
    changed: int = Field(description="Rows of known leads that say otherwise; an import keeps the lead as it is.")
    refused: int
    routing: dict[str, int] = Field(description="New leads per workspace that would receive them (slug).")


class PreviewAnswer(BaseModel):
    """What an upload would do. Nothing was written."""

    model_config = ConfigDict(json_schema_extra={"example": _PREVIEW_EXAMPLE})

    success: Literal[True] = True
    dry_run: Literal[True] = Field(default=True, serialization_alias="dryRun")
    summary: PreviewSummary
    errors: list[dict[str, Any]] = Field(description="The first 20 refused rows: `row` from 1, and `reasons`.")
    changes: list[dict[str, Any]] = Field(description="The first 20 changed rows: `row` from 1, and `columns`.")

    @classmethod
    def of(cls, preview: Preview) -> Self:
        """The answer for a preview."""
        counts = {name: getattr(preview, name) for name in PreviewSummary.model_fields}
        return cls(summary=PreviewSummary(**counts), errors=preview.errors, changes=preview.changes)
