"""Airflow's colours (``[api] theme``) as CSS variables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}|oklch\([0-9.% ]{5,40}\)")
_SHADE = re.compile(r"[0-9]{2,3}")


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
