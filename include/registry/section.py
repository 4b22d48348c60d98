"""What every part of a model file is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Frozen, and closed: an unknown field is a mistake, never ignored. No number is infinite: it would switch off."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
