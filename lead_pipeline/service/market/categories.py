"""Categories over HTTP: who may, what is sent, what is answered. The steps do the work."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from lead_pipeline.contracts.catalogue import CategoryChanges, CategorySent, Sent
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import AnyCaller, SellerCaller, acting
from lead_pipeline.service.market.messages import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    Done,
    Paged,
    Told,
    When,
    body_of,
    changes_of,
    describes,
    whole_of,
)
from lead_pipeline.service.market.paging import PageAsked, cursor_of
from lead_pipeline.steps.catalogue_categories import change_category, create_category, delete_category
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.categories import Category, find_category, list_categories

router = APIRouter(prefix="/api/categories", tags=["catalogue"])


class CategoryTold(Told):
    """A category."""

    id: str
    slug: str
    name: str
    fields: list[dict[str, Any]]
    version: int
    created_at: When

    @classmethod
    def of(cls, row: Category) -> "CategoryTold":
        """The answer about a row."""
        return cls(
            id=row.category_id,
            slug=row.slug,
            name=row.name,
            fields=row.fields,
            version=row.version,
            created_at=row.created_at,
        )


class CategoryAnswer(Done):
    """One category."""

    category: CategoryTold


class CategoriesAnswer(Paged):
    """Categories, oldest first."""

    categories: list[CategoryTold]


_Whole = Annotated[CategorySent, Depends(body_of(CategorySent))]
_Part = Annotated[Sent, Depends(body_of(CategoryChanges))]


@router.post(
    "",
    summary="Make a category",
    status_code=201,
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(CategorySent),
)
def make(request: Request, caller: SellerCaller, sent: _Whole) -> CategoryAnswer:
    """Its slug is made of its name where none is sent. Leads that are sent to it are checked against its fields."""
    with acting(request, caller) as conn:
        return CategoryAnswer(category=CategoryTold.of(create_category(conn, caller.workspace_id, sent)))


@router.get("", summary="List categories", responses=READ_PROBLEMS)
def list_(request: Request, caller: AnyCaller, asked: PageAsked) -> CategoriesAnswer:
    """Those of the seller, oldest first."""
    with acting(request, caller) as conn:
        page = list_categories(conn, caller.workspace_id, asked)
    return CategoriesAnswer(categories=[CategoryTold.of(row) for row in page.rows], next_cursor=cursor_of(page.next))


@router.get("/{category}", summary="Get a category", responses=READ_PROBLEMS)
def get(request: Request, caller: AnyCaller, category: str) -> CategoryAnswer:
    """By its id or slug."""
    with acting(request, caller) as conn:
        return CategoryAnswer(category=CategoryTold.of(find_category(conn, caller.workspace_id, category)))


@router.patch(
    "/{category}", summary="Change a category", responses=WRITE_PROBLEMS, openapi_extra=describes(CategoryChanges)
)
def change(request: Request, caller: SellerCaller, category: str, sent: _Part) -> CategoryAnswer:
    """The fields that are sent; all others stay."""
    return _change(request, caller, category, changes_of(sent))


@router.put(
    "/{category}", summary="Replace a category", responses=WRITE_PROBLEMS, openapi_extra=describes(CategorySent)
)
def replace(request: Request, caller: SellerCaller, category: str, sent: _Whole) -> CategoryAnswer:
    """Fields that are not sent become what they are without being sent; the slug stays."""
    return _change(request, caller, category, whole_of(sent))


@router.delete("/{category}", summary="Delete a category", responses=WRITE_PROBLEMS)
def delete(request: Request, caller: SellerCaller, category: str) -> Done:
    """Once no campaign is of it."""
    with acting(request, caller) as conn:
        delete_category(conn, caller.workspace_id, category, intake_of(request).clock())
    return Done()


def _change(
    request: Request, caller: Caller, category: str, given: tuple[dict[str, Any], int | None]
) -> CategoryAnswer:
    with acting(request, caller) as conn:
        return CategoryAnswer(category=CategoryTold.of(change_category(conn, caller.workspace_id, category, *given)))
