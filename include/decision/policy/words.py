"""Triggers in plain words, where that takes more than a line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from include.decision.policy.presets import PolicySettings
from include.decision.signals import SignalKind
from include.decision.triggers.data_volume import DataVolumeTrigger
from include.decision.triggers.signal_trigger import SignalTrigger
from include.scoring import METRICS
from include.scoring.metric import Harm


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The model that is spoken of: its primary metric, its window, and the settings of its policy."""

    metric: str
    window: timedelta
    settings: PolicySettings


def _worsening(subject: Subject) -> str:
    metric, threshold = METRICS[subject.metric], subject.settings.performance_threshold
    relative = metric.harm in (Harm.RELATIVE_RISE, Harm.RELATIVE_DROP)
    size = f"{threshold:.0%}" if relative else f"{threshold:g}"
    return f"{metric.name} {'falls' if metric.larger_is_better else 'rises'} by {size} or more"


def signal_words(trigger: SignalTrigger, subject: Subject) -> str:
    """When a trigger on signals of a kind fires."""
    settings = subject.settings
    said = {
        SignalKind.RETRAIN_GAIN: "a small correction, learnt from the earlier labelled rows of the window and tried on "
        f"the later ones, improves {subject.metric} by {settings.performance_threshold:.0%} or more and beyond chance: "
        "there is something to learn (retrain_gain)",
        SignalKind.PERFORMANCE: f"{_worsening(subject)} since it was accepted, beyond chance (performance)",
        SignalKind.CONCEPT_DRIFT: f"its errors have grown by {settings.concept_drift_threshold:.0%} or more within the "
        "window, beyond chance: what ties the inputs to the target has changed (concept_drift)",
        SignalKind.DATA_DRIFT: "the inputs look different from those of the reference, beyond chance (data_drift)",
        SignalKind.OUTLIERS: f"{settings.outlier_share:.0%} or more of the values lie far outside of what the "
        "reference had (outliers)",
        SignalKind.DATA_QUALITY: "the data are found faulty, though not so that they block (data_quality)",
    }.get(trigger.kind, str(trigger.kind))
    if trigger.strength > 1.0:
        said += f", {trigger.strength:g} times as much as that"
    if trigger.only_without_labels:
        said += "; only while too few rows have labels to see whether the model does worse"
    if trigger.only_without_gain:
        said += "; only where it is not known whether a retrain would mend it, or where it is ten times as bad"
    return said


def volume_words(trigger: DataVolumeTrigger) -> str:
    """When a trigger on new rows fires."""
    amounts = [] if trigger.rows is None else [f"{trigger.rows:,} rows"]
    if trigger.share is not None:
        amounts.append(f"{trigger.share:.0%} of the rows that it was trained on")
    return f"{' or '.join(amounts)} are new to it (data_volume)"
