"""One method a file: reference and recent rows in, signals out. No clock, no database, no policy."""

from include.detectors.comparison import Comparison, Detector
from include.detectors.concept_drift import ConceptDriftDetector
from include.detectors.data_drift import DataDriftDetector
from include.detectors.data_quality import DataQualityDetector
from include.detectors.outliers import OutlierDetector
from include.detectors.performance import ModelPerformanceMonitor
from include.detectors.sufficiency import SufficiencyDetector

__all__ = [
    "Comparison",
    "ConceptDriftDetector",
    "DataDriftDetector",
    "DataQualityDetector",
    "Detector",
    "ModelPerformanceMonitor",
    "OutlierDetector",
    "SufficiencyDetector",
]
