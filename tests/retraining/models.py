"""Specs of models, made by hand."""

from __future__ import annotations

from typing import Any

from include.registry.spec import ModelSpec


def spec_of(**fields: Any) -> ModelSpec:
    """A regression on a pair of files; `fields` differ from that."""
    made: dict[str, Any] = {
        "name": "model",
        "task": "regression",
        "source": {"kind": "csv", "reference_path": "old.csv", "recent_path": "new.csv"},
        "target": "y",
        "metric": "rmse",
        "training": {"hyperparameters": {"max_iter": 20}},
    }
    return ModelSpec.model_validate({**made, **fields})
