"""A version's baseline as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from include.records.json_values import clean_json, clean_scores, read_scores
from include.scoring import Baseline, ProbabilityCalibration, SliceBaseline, SliceRule


def baseline_json(baseline: Baseline) -> dict[str, Any]:
    """Turn a baseline into JSON."""
    return {**clean_json(asdict(baseline)), "scores": clean_scores(baseline.scores)}


def read_baseline(stored: Mapping[str, Any]) -> Baseline:
    """Read what `baseline_json` wrote, also before there were classes, slices and calibration."""
    calibration, slices = stored.get("calibration"), stored.get("slices", {})
    return Baseline(
        scores=read_scores(stored["scores"]),
        rows=stored["rows"],
        **read_scores({name: stored[name] for name in ("effective_rows", "loss_mean", "loss_variance")}),
        classes=tuple(stored.get("classes", ())),
        positive=stored.get("positive", ""),
        slices={
            column: SliceBaseline(
                rule=SliceRule(values=tuple(part["rule"]["values"]), edges=tuple(part["rule"]["edges"])),
                baselines={name: read_baseline(measured) for name, measured in part["baselines"].items()},
            )
            for column, part in slices.items()
        },
        calibration=None if calibration is None else ProbabilityCalibration.from_json(calibration),
    )
