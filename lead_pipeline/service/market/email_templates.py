"""Texts to leads over HTTP: kept per workspace, and looked at with one of its leads filled in. Sends none."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from lead_pipeline.contracts.email_templates import EmailTemplateSent, PreviewSent
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerCaller, acting
from lead_pipeline.service.market.messages import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    Done,
    Paged,
    Told,
    When,
    body_of,
    describes,
    whole_of,
)
from lead_pipeline.service.market.paging import PageAsked, cursor_of
from lead_pipeline.steps.email_templates import change_template, create_template, delete_template, preview_template
from lead_pipeline.store.email_templates import TemplateRow, find_template, list_templates

router = APIRouter(prefix="/api/email-templates", tags=["catalogue"])


class TemplateTold(Told):
    """A text to leads."""

    id: str
    name: str
    subject: str
    body: str
    version: int
    updated_at: When

    @classmethod
    def of(cls, row: TemplateRow) -> "TemplateTold":
        """The answer about a row."""
        return cls(
            id=row.template_id,
            name=row.name,
            subject=row.subject,
            body=row.body,
            version=row.version,
            updated_at=row.updated_at,
        )


class TemplateAnswer(Done):
    """One text."""

    template: TemplateTold


class TemplatesAnswer(Paged):
    """Texts, the last changed first."""

    templates: list[TemplateTold]


class PreviewAnswer(Done):
    """The e-mail that a lead would get."""

    subject: str
    html: str
    text: str


_Whole = Annotated[EmailTemplateSent, Depends(body_of(EmailTemplateSent))]
_Lead = Annotated[PreviewSent, Depends(body_of(PreviewSent))]


@router.post(
    "",
    summary="Make a text to leads",
    status_code=201,
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(EmailTemplateSent),
)
def make(request: Request, caller: SellerCaller, sent: _Whole) -> TemplateAnswer:
    """A variable that there is not, and whatever else is wrong with it, is named by field and line."""
    with acting(request, caller) as conn:
        made = create_template(conn, caller, sent, intake_of(request).clock())
    return TemplateAnswer(template=TemplateTold.of(made))


@router.get("", summary="List texts to leads", responses=READ_PROBLEMS)
def list_(request: Request, caller: SellerCaller, asked: PageAsked) -> TemplatesAnswer:
    """Those of the seller, the last changed first."""
    with acting(request, caller) as conn:
        page = list_templates(conn, caller.workspace_id, asked)
    return TemplatesAnswer(templates=[TemplateTold.of(row) for row in page.rows], next_cursor=cursor_of(page.next))


@router.get("/{template}", summary="Get a text to leads", responses=READ_PROBLEMS)
def get(request: Request, caller: SellerCaller, template: str) -> TemplateAnswer:
    """By its id."""
    with acting(request, caller) as conn:
        return TemplateAnswer(template=TemplateTold.of(find_template(conn, caller.workspace_id, template)))


@router.put(
    "/{template}",
    summary="Replace a text to leads",
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(EmailTemplateSent),
)
def replace(request: Request, caller: SellerCaller, template: str, sent: _Whole) -> TemplateAnswer:
    """Its next version."""
    given, seen = whole_of(sent)
    with acting(request, caller) as conn:
        changed = change_template(conn, caller, template, given, seen, now=intake_of(request).clock())
    return TemplateAnswer(template=TemplateTold.of(changed))


@router.delete("/{template}", summary="Delete a text to leads", responses=WRITE_PROBLEMS)
def delete(request: Request, caller: SellerCaller, template: str) -> Done:
    """It is listed and filled no more."""
    with acting(request, caller) as conn:
        delete_template(conn, caller, template, intake_of(request).clock())
    return Done()


@router.post(
    "/{template}/preview",
    summary="See a text with a lead filled in",
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(PreviewSent),
)
def preview(request: Request, caller: SellerCaller, template: str, sent: _Lead) -> PreviewAnswer:
    """Nothing is sent. A field that the lead lacks, and for which the text has no default, is named."""
    intake = intake_of(request)
    with acting(request, caller) as conn:
        written = preview_template(
            conn, caller, template, sent.lead_id, sender=intake.settings.email_from, now=intake.clock()
        )
    return PreviewAnswer(subject=written["subject"], html=written["html"], text=written["text"])
