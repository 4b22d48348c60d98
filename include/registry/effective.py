"""What a model's policy comes to: preset, model file and environment together."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any

from include.decision.policy.durations import write_period
from include.decision.policy.policy import standard_policy
from include.decision.policy.write import write_tree
from include.registry.coverage import coverage
from include.registry.loader import environment
from include.registry.spec import ModelSpec


def effective_settings(spec: ModelSpec, preset: str = "") -> dict[str, Any]:
    """The effective settings, JSON-ready; `preset` overrides the model file's for one run.

    ``coverage`` says which rows no check looks at, ``settings`` are those of
    `include.decision.policy.presets.PolicySettings`, ``policy`` is the whole tree with the numbers that it uses,
    ``model_type_defaults`` what is usual for the type of the model, used or not, ``worth`` what a row costs that is
    predicted one unit of the metric worse, and over how many seconds that is summed up; None without costs.
    """
    settings, here = spec.settings(preset), environment()
    values = {field.name: getattr(settings, field.name) for field in fields(settings) if field.name != "when"}
    return {
        "environment": here,
        "overridden_here": here in spec.environments,
        "preset": preset or spec.policy.preset,
        "model_type": spec.model_type,
        "model_type_defaults": None if spec.type_defaults is None else asdict(spec.type_defaults),
        "coverage": coverage(spec),
        "worth": None
        if spec.policy.costs is None
        else {
            "per_unit_of_loss": spec.policy.costs.per_unit_of_loss,
            "horizon_seconds": spec.policy.horizon.total_seconds(),
        },
        "training": {"strategy": spec.training.strategy, "rows": spec.training.rows},
        "settings": {name: _plain(value) for name, value in values.items()},
        "policy": write_tree(standard_policy(settings)),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return write_period(value)
    return dict(value) if hasattr(value, "items") else value
