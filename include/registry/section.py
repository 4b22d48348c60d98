"""What every part of a model file is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, and closed: an unknown field is a mistake, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
