"""The style sheet and the script of the page, and the colours that Airflow's own interface was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from starlette.responses import Response

from include.interfaces.api.access import theme
from include.interfaces.api.page.answers import page_router
from include.interfaces.api.page.rendering import STATIC
from include.interfaces.api.page.theme import brand_css

router = page_router()

TYPES: Mapping[str, str] = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
A_DAY = {"Cache-Control": "private, max-age=86400"}  # their addresses change with them


@router.get("/files/{name}")
def file(name: Literal["page.css", "page.js"]) -> Response:
    """One of the two."""
    return Response((STATIC / name).read_bytes(), media_type=TYPES[name], headers=A_DAY)


@router.get("/files-of-theme/brand.css")
def brand() -> Response:
    """Airflow's brand and gray colours as CSS variables; empty where ``[api] theme`` gives none."""
    return Response(brand_css(theme()), media_type=TYPES["page.css"])
