"""The style sheet and the script of the page, and the colours that Airflow's own interface was given."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from starlette.responses import Response

from include.interfaces.api.access import theme
from include.interfaces.api.page.answers import page_router
from include.interfaces.api.page.rendering import STATIC

router = page_router()

TYPES: Mapping[str, str] = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
A_DAY = {"Cache-Control": "private, max-age=86400"}  # their addresses change with them
_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|oklch\([0-9.% ]{5,40}\)")
_SHADE = re.compile(r"[0-9]{2,3}")


@router.get("/files/{name}")
def file(name: Literal["page.css", "page.js"]) -> Response:
    """One of the two."""
    return Response((STATIC / name).read_bytes(), media_type=TYPES[name], headers=A_DAY)


@router.get("/files-of-theme/brand.css")
def brand() -> Response:
    """Airflow's brand and gray colours as CSS variables; empty where ``[api] theme`` gives none."""
    return Response(brand_css(theme()), media_type=TYPES["page.css"])


def brand_css(theme: str) -> str:
    """CSS variables for the colours of a theme (``[api] theme``); what is no colour is left out.

    >>> brand_css('{"tokens": {"colors": {"brand": {"500": {"value": "#017cee"}, "600": {"value": "url(x)"}}}}}')
    ':root{--brand-500:#017cee}'
    """
    try:
        colours = json.loads(theme or "{}")["tokens"]["colors"]
    except (ValueError, KeyError, TypeError):
        return ""
    found = [line for scale in ("brand", "gray") for line in _shades(scale, _mapping(colours).get(scale))]
    return f":root{{{';'.join(found)}}}" if found else ""


def _shades(scale: str, given: Any) -> list[str]:
    known = {shade: _mapping(value).get("value") for shade, value in _mapping(given).items()}
    return [
        f"--{scale}-{shade}:{colour}"
        for shade, colour in known.items()
        if _SHADE.fullmatch(str(shade)) and isinstance(colour, str) and _COLOUR.fullmatch(colour)
    ]


def _mapping(given: Any) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}
