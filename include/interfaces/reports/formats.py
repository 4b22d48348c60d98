"""The names of the formats, for whoever offers them without loading what renders them."""

from __future__ import annotations

REPORT_FORMATS = ("md", "json", "html")
AUDIT_FORMATS = ("text", "json", "html", "md")
