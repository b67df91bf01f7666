"""The reference that a person reads: Swagger UI from files that are installed with us. Loads nothing from elsewhere.

The addresses are relative, so that the page works behind a proxy that ends TLS.
"""

from importlib.resources import files

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

PATH = "/docs"
_FILES = f"{PATH}/files"


def add_reference(app: FastAPI) -> None:
    """Serve the app's OpenAPI as a page at PATH."""

    async def page(_: Request) -> Response:
        return get_swagger_ui_html(
            openapi_url=app.openapi_url or "",
            title=app.title,
            swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
            swagger_css_url=f"{_FILES}/swagger-ui.css",
            swagger_favicon_url=f"{_FILES}/favicon-32x32.png",
        )

    app.add_route(PATH, page, include_in_schema=False)
    app.mount(_FILES, StaticFiles(directory=str(files("fastapi_swagger") / "resources")), name="reference")
