"""One method a file: reference and recent rows in, signals out. No clock, no database.

They are loaded when they are first named: a record of what one found needs none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.detectors.comparison import Comparison as Comparison
    from include.detectors.comparison import Detector as Detector
    from include.detectors.concept_drift import ConceptDriftDetector as ConceptDriftDetector
    from include.detectors.data_drift import DataDriftDetector as DataDriftDetector
    from include.detectors.data_quality import DataQualityDetector as DataQualityDetector
    from include.detectors.drift_types import DriftType as DriftType
    from include.detectors.estimated_performance import EstimatedPerformanceMonitor as EstimatedPerformanceMonitor
    from include.detectors.fixed_thresholds import FixedThresholdDetector as FixedThresholdDetector
    from include.detectors.joint_drift import JointDriftDetector as JointDriftDetector
    from include.detectors.outliers import OutlierDetector as OutlierDetector
    from include.detectors.output_drift import OutputDriftDetector as OutputDriftDetector
    from include.detectors.page_hinkley import PageHinkleyDetector as PageHinkleyDetector
    from include.detectors.performance import ModelPerformanceMonitor as ModelPerformanceMonitor
    from include.detectors.slice_performance import SlicePerformanceMonitor as SlicePerformanceMonitor
    from include.detectors.sufficiency import SufficiencyDetector as SufficiencyDetector
    from include.detectors.units import UnitChangeDetector as UnitChangeDetector

__all__ = [
    "Comparison",
    "ConceptDriftDetector",
    "DataDriftDetector",
    "DataQualityDetector",
    "Detector",
    "DriftType",
    "EstimatedPerformanceMonitor",
    "FixedThresholdDetector",
    "JointDriftDetector",
    "ModelPerformanceMonitor",
    "OutlierDetector",
    "OutputDriftDetector",
    "PageHinkleyDetector",
    "SlicePerformanceMonitor",
    "SufficiencyDetector",
    "UnitChangeDetector",
]

#: Which file each is in.
_FILES = {
    "Comparison": "comparison",
    "Detector": "comparison",
    "ConceptDriftDetector": "concept_drift",
    "DataDriftDetector": "data_drift",
    "DataQualityDetector": "data_quality",
    "DriftType": "drift_types",
    "EstimatedPerformanceMonitor": "estimated_performance",
    "FixedThresholdDetector": "fixed_thresholds",
    "JointDriftDetector": "joint_drift",
    "OutlierDetector": "outliers",
    "OutputDriftDetector": "output_drift",
    "PageHinkleyDetector": "page_hinkley",
    "ModelPerformanceMonitor": "performance",
    "SlicePerformanceMonitor": "slice_performance",
    "SufficiencyDetector": "sufficiency",
    "UnitChangeDetector": "units",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
