"""Root cause: broken data, changed inputs, or a changed relation between inputs and target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.decision.decision import Cause
from include.decision.evidence import Evidence
from include.decision.signals import Signal, SignalKind

MOST, LEAST = 2.0 / 3.0, 1.0 / 3.0  # of the loss's rise explained: from here on by inputs alone, up to here not by them
_NAMED = 5  # columns that a sentence names
_HARM = (SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT)
_MENDABLE = (SignalKind.RETRAIN_GAIN,)


@dataclass(frozen=True, kw_only=True)
class RootCause:
    """The cause, the columns behind it, the share of the loss's rise that they explain, and all that in a sentence."""

    cause: Cause
    features: tuple[str, ...]
    loss_explained: float | None
    sentence: str


def root_cause(evidence: Evidence) -> RootCause:
    """Tell broken data from changed inputs from a changed concept."""
    broken = tuple(dict.fromkeys(signal.feature for signal in evidence.signals if signal.blocks))
    if broken:
        sentence = f"broken data: {', '.join(broken)}"
        return RootCause(cause=Cause.DATA_QUALITY, features=broken, loss_explained=None, sentence=sentence)
    drifted = changed_columns(evidence)
    names = ", ".join(drifted[:_NAMED])
    harmed = _changed(evidence, _HARM)
    if not harmed and not _changed(evidence, _MENDABLE):
        cause, sentence = (Cause.COVARIATE_SHIFT, f"inputs changed: {names}") if drifted else (Cause.NONE, "")
        if stopped_source(evidence) is not None and not drifted:
            cause, sentence = Cause.DATA_QUALITY, "broken data: the source stopped"
        return RootCause(cause=cause, features=drifted, loss_explained=None, sentence=sentence)
    errs = "the champion errs more" if harmed else "the champion makes errors that recent rows teach to avoid"
    if not drifted:
        sentence = f"{errs} while inputs look unchanged: their relation to the target changed"
        return RootCause(cause=Cause.CONCEPT_SHIFT, features=(), loss_explained=None, sentence=sentence)
    sentence = f"{errs} while inputs changed: {names}"
    share = next((signal.value for signal in evidence.of_kind(SignalKind.EXPLANATION)), None)
    if share is None:
        return RootCause(cause=Cause.UNKNOWN, features=drifted, loss_explained=None, sentence=sentence)
    cause = Cause.BOTH if LEAST < share < MOST else Cause.COVARIATE_SHIFT if share >= MOST else Cause.CONCEPT_SHIFT
    sentence += f"; they explain about {share:.0%} of the rise, a changed relation to the target the rest"
    return RootCause(cause=cause, features=drifted, loss_explained=share, sentence=sentence)


def stopped_source(evidence: Evidence) -> Signal | None:
    """The signal that no row comes any more, where that is so; it leads every headline, and asks for no retrain."""
    found = (signal for signal in evidence.of_kind(SignalKind.DATA_QUALITY) if signal.changed)
    return next((signal for signal in found if signal.statistic == "staleness"), None)


def _changed(evidence: Evidence, kinds: Sequence[SignalKind]) -> bool:
    return any(signal.changed for kind in kinds for signal in evidence.of_kind(kind))


def changed_columns(evidence: Evidence) -> tuple[str, ...]:
    """Names of the inputs that changed, the most telling first; of statements on all of them, what changed."""
    found = [signal for signal in evidence.of_kind(SignalKind.DATA_DRIFT) if signal.changed]
    ranked = sorted(found, key=_effect, reverse=True)
    named = dict.fromkeys(signal.feature for signal in ranked if signal.feature)
    return tuple(named or dict.fromkeys(signal.statistic for signal in ranked))


def _effect(signal: Signal) -> float:
    return (signal.value or 0.0) / (signal.threshold or 1.0)
