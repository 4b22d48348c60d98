"""What a version was accepted with, as JSON and back: its baseline, and the profiles of its reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from include.errors import DataError
from include.records.json_values import clean_scores, exact_json, read_exact, read_json, read_scores

if TYPE_CHECKING:
    from include.data.reference.profiles import ReferenceProfiles
    from include.scoring import Baseline


def baseline_json(baseline: Baseline) -> dict[str, Any]:
    """Turn a baseline into JSON; classes and values of slices are found again in rows, and kept as they are."""
    return {**exact_json(asdict(baseline)), "scores": clean_scores(baseline.scores)}


def read_baseline(stored: Mapping[str, Any]) -> Baseline:
    """Read what `baseline_json` wrote, also before there were classes, slices, calibration and phases."""
    return _baseline(read_exact(stored))


def _baseline(stored: Mapping[str, Any]) -> Baseline:
    from include.scoring import Baseline, ProbabilityCalibration, SliceBaseline, SliceRule
    from include.scoring.rhythm import ByPhase

    losses, errors = (stored.get(name) and ByPhase.from_json(stored[name]) for name in ("losses", "errors"))
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
                baselines={name: _baseline(measured) for name, measured in part["baselines"].items()},
            )
            for column, part in slices.items()
        },
        calibration=None if calibration is None else ProbabilityCalibration.from_json(calibration),
        losses=losses,
        errors=errors,
    )


@lru_cache(maxsize=4)
def reference_from_text(stored: str) -> ReferenceProfiles:
    """Read profiles as they are kept; those of a version are read once in a process, like the version itself.

    Raises
    ------
    DataError
        For what was altered, or written by a later version of this package.
    """
    from include.data.reference.profiles import ReferenceProfiles

    try:
        return ReferenceProfiles.from_json(read_json(stored))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"what its checks compare with (table reference_profiles) cannot be read: {type(error).__name__}: {error}"
        raise DataError(f"{why}; it was altered, or a later version of this package has written it") from error
