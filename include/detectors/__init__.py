"""One method a file: reference and recent rows in, signals out. No clock, no database."""

from include.detectors.comparison import Comparison, Detector
from include.detectors.concept_drift import ConceptDriftDetector
from include.detectors.data_drift import DataDriftDetector
from include.detectors.data_quality import DataQualityDetector
from include.detectors.drift_types import DriftType
from include.detectors.estimated_performance import EstimatedPerformanceMonitor
from include.detectors.fixed_thresholds import FixedThresholdDetector
from include.detectors.joint_drift import JointDriftDetector
from include.detectors.outliers import OutlierDetector
from include.detectors.output_drift import OutputDriftDetector
from include.detectors.page_hinkley import PageHinkleyDetector
from include.detectors.performance import ModelPerformanceMonitor
from include.detectors.slice_performance import SlicePerformanceMonitor
from include.detectors.sufficiency import SufficiencyDetector
from include.detectors.units import UnitChangeDetector

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
