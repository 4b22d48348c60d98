"""Every detector under its name: how a policy sets it, what its signals are about, and whether rows must be in order.

A new detector is a module of its own beside this one and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from include.decision.policy.presets import PolicySettings
from include.decision.signals import Signal, SignalKind
from include.detectors.comparison import Comparison, Detector
from include.detectors.concept_drift import ConceptDriftDetector
from include.detectors.data_drift import DataDriftDetector
from include.detectors.data_quality import DataQualityDetector
from include.detectors.estimated_performance import EstimatedPerformanceMonitor
from include.detectors.fixed_thresholds import FixedThresholdDetector
from include.detectors.joint_drift import JointDriftDetector
from include.detectors.outliers import OutlierDetector
from include.detectors.output_drift import OutputDriftDetector
from include.detectors.page_hinkley import PageHinkleyDetector
from include.detectors.performance import DEFAULT_THRESHOLDS, ModelPerformanceMonitor
from include.detectors.slice_performance import SlicePerformanceMonitor
from include.detectors.sufficiency import SufficiencyDetector
from include.detectors.units import UnitChangeDetector


@dataclass(frozen=True, kw_only=True)
class DetectorEntry:
    """What the catalogue says of one detector.

    Parameters
    ----------
    make : callable
        Given the settings of a policy and the model's primary metric: the detector; None where the settings ask for
        another one in its place.
    kinds : tuple of SignalKind
        What its signals are about.
    feed : bool, default False
        Whether it looks if the rows are in order; the others take them to be.
    """

    make: Callable[[PolicySettings, str], Detector | None]
    kinds: tuple[SignalKind, ...]
    feed: bool = False


def _data_drift(settings: PolicySettings, _metric: str) -> Detector | None:
    return None if settings.drift_thresholds else DataDriftDetector(threshold=2.0 * (settings.drift_level / 3.0))


def _joint_drift(settings: PolicySettings, _metric: str) -> Detector | None:
    return None if settings.drift_thresholds else JointDriftDetector(level=settings.drift_level / 3.0)


def _fixed_thresholds(settings: PolicySettings, _metric: str) -> Detector | None:
    given = settings.drift_thresholds
    return FixedThresholdDetector(thresholds=given) if given else None


def _performance(settings: PolicySettings, metric: str) -> Detector:
    thresholds = {**DEFAULT_THRESHOLDS, metric: settings.performance_threshold}
    also = {name: threshold for name, threshold in settings.performance.items() if name != metric}
    level = settings.performance_level
    return ModelPerformanceMonitor(thresholds={**thresholds, **also}, level=level, also=tuple(also))


#: In the order in which their signals are told.
DETECTORS: Mapping[str, DetectorEntry] = {
    "data_quality": DetectorEntry(
        make=lambda _settings, _metric: DataQualityDetector(), kinds=(SignalKind.DATA_QUALITY,), feed=True
    ),
    "units": DetectorEntry(
        make=lambda _settings, _metric: UnitChangeDetector(), kinds=(SignalKind.DATA_QUALITY,), feed=True
    ),
    "sufficiency": DetectorEntry(
        make=lambda _settings, _metric: SufficiencyDetector(), kinds=(SignalKind.SUFFICIENCY,)
    ),
    "fixed_thresholds": DetectorEntry(make=_fixed_thresholds, kinds=(SignalKind.DATA_DRIFT,)),
    "data_drift": DetectorEntry(make=_data_drift, kinds=(SignalKind.DATA_DRIFT,)),
    "joint_drift": DetectorEntry(make=_joint_drift, kinds=(SignalKind.DATA_DRIFT,)),
    "output_drift": DetectorEntry(
        make=lambda settings, _metric: OutputDriftDetector(level=settings.drift_level),
        kinds=(SignalKind.TARGET_DRIFT, SignalKind.PREDICTION_DRIFT),
    ),
    "outliers": DetectorEntry(
        make=lambda settings, _metric: OutlierDetector(share=settings.outlier_share, level=settings.drift_level),
        kinds=(SignalKind.OUTLIERS,),
    ),
    "concept_drift": DetectorEntry(
        make=lambda settings, _metric: ConceptDriftDetector(
            threshold=settings.concept_drift_threshold, level=settings.performance_level
        ),
        kinds=(SignalKind.CONCEPT_DRIFT,),
    ),
    "page_hinkley": DetectorEntry(
        make=lambda _settings, _metric: PageHinkleyDetector(), kinds=(SignalKind.SLOW_DRIFT,)
    ),
    "slice_performance": DetectorEntry(
        make=lambda settings, _metric: SlicePerformanceMonitor(
            threshold=settings.performance_threshold, level=settings.performance_level
        ),
        kinds=(SignalKind.SLICE_PERFORMANCE,),
    ),
    "estimated_performance": DetectorEntry(
        make=lambda settings, _metric: EstimatedPerformanceMonitor(
            threshold=settings.performance_threshold, level=settings.performance_level
        ),
        kinds=(SignalKind.ESTIMATED_PERFORMANCE,),
    ),
    "performance": DetectorEntry(make=_performance, kinds=(SignalKind.PERFORMANCE,)),
}


def standard_detectors(settings: PolicySettings, metric: str, *, without: Collection[str] = ()) -> list[Detector]:
    """The detectors with the settings of a policy, for a model with that primary metric.

    Parameters
    ----------
    settings : PolicySettings
    metric : str
    without : collection of str
        Names in `DETECTORS` of those to leave out.
    """
    return _made(settings, metric, [name for name in DETECTORS if name not in without])


def feed_detectors(settings: PolicySettings, metric: str) -> list[Detector]:
    """Those of them that look whether the rows are in order."""
    return _made(settings, metric, [name for name, entry in DETECTORS.items() if entry.feed])


def change_detectors(settings: PolicySettings, metric: str) -> list[Detector]:
    """Those of them that take the rows to be in order."""
    return _made(settings, metric, [name for name, entry in DETECTORS.items() if not entry.feed])


def detectors_of(settings: PolicySettings, metric: str, kind: SignalKind) -> list[Detector]:
    """Those of them whose signals are about that, among others."""
    return _made(settings, metric, [name for name, entry in DETECTORS.items() if kind in entry.kinds])


def detect(detectors: Sequence[Detector], comparison: Comparison) -> list[Signal]:
    """The signals of all detectors; those that look for change are not shown columns that move by themselves."""
    watched = comparison.watched
    return [
        signal
        for detector in detectors
        for signal in detector.detect(comparison if isinstance(detector, DataQualityDetector) else watched)
    ]


def _made(settings: PolicySettings, metric: str, names: Sequence[str]) -> list[Detector]:
    made = (DETECTORS[name].make(settings, metric) for name in names)
    return [detector for detector in made if detector is not None]
