"""How sure a decision is, on one scale for yes and no.

Among decisions on models that did not change, of those with confidence c or more at most a share of 1 - c are false,
that is, ask for a retrain. Two probabilities make that true:

- *No* is doubted by the probability that a change of the size that matters would have looked as harmless,
  ``Phi((value - size) / error)``: the largest of all signals of the harmful kinds, or without labels of the others.
  The size is the signal's threshold; for inputs, whose drift is but a guess at harm, `NOTABLE` times that.
- *Yes* is doubted by a u that solves ``u * prod(Phi(size / error - z(u))) = p``. There p is the probability of evidence
  as strong without change, corrected for the kinds looked at, and the product is the share of unchanged models whose
  "no" is doubted by u at most. Where much is measured it is nearly 1, and u nearly p. Where little is, a "no" is never
  sure, and so a "yes" must not be.

The standard error of a change is not on record; it follows from the value and its p-value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from include.decision.evidence import Evidence, TriggerResult
from include.decision.signals import HARM, Signal, SignalKind, Verdict
from include.scoring import METRICS

MEASURED = frozenset(str(kind) for kind in SignalKind)  # triggers with a name not among these state facts, as age

NOTABLE = 5.0  # times the smallest change of an input that counts: without labels, what a "no" rules out

_NORMAL = NormalDist()
_NINETY = 2.0 * _NORMAL.inv_cdf(0.95)  # standard errors in a 90 % interval
_LEAST_Z = 0.1  # below it the ratio of a value and its z says nothing
_LEAST = 1e-300


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What the signals of one kind tell.

    Parameters
    ----------
    p_value : float
        Of the strongest, corrected for all of them.
    doubt : float
        Probability that a change of the size that matters would have looked as small as what is seen.
    sizes : tuple of float
        Of the change that matters, in standard errors, for each signal.
    """

    p_value: float
    doubt: float
    sizes: tuple[float, ...]


def confidence(evidence: Evidence, fired: Sequence[TriggerResult], leaves: Sequence[TriggerResult]) -> float:
    """How sure a yes because of `fired` is; for no fired trigger, how sure the no is."""
    broken = [signal for signal in evidence.signals if signal.blocks]
    if broken:
        return 1.0 - min(signal.p_value or 0.0 for signal in broken)
    if any(leaf.trigger not in MEASURED for leaf in fired):
        return 1.0
    known = {leaf.trigger: kind for leaf in leaves if (kind := _kind(evidence, leaf)) is not None}
    harmful = {name: kind for name, kind in known.items() if name in HARM}
    if not fired:
        enough = all(signal.verdict is Verdict.STABLE for signal in evidence.of_kind(SignalKind.SUFFICIENCY))
        return 1.0 - max(kind.doubt for kind in (harmful or known).values()) if known and enough else 0.0
    asked = {leaf.trigger for leaf in fired} & set(known)
    if not asked:
        return 0.0
    counted = {**(harmful or known), **{name: known[name] for name in asked}}
    p_value = min(known[name].p_value for name in asked) * len(counted)
    return 1.0 - doubt_of_yes(p_value, [size for kind in counted.values() for size in kind.sizes])


def doubt_of_yes(p_value: float, sizes: Sequence[float]) -> float:
    """The u that solves ``u * prod(Phi(r - z(u))) = p_value``, r being each of `sizes`; see the module.

    >>> round(doubt_of_yes(0.01, [20.0]), 6)  # a change that matters could not be missed
    0.01
    >>> round(doubt_of_yes(0.01, [1.0]), 2)  # it could well be
    0.04
    """
    if p_value >= 1.0:
        return 1.0
    low, high = math.log(max(p_value, _LEAST)), 0.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        doubt = math.exp(middle)
        z = _NORMAL.inv_cdf(1.0 - doubt) if 1e-15 < doubt < 1.0 else math.sqrt(max(-2.0 * middle, 0.0))
        share = math.prod(_NORMAL.cdf(r - z) for r in sizes)
        low, high = (middle, high) if doubt * share < p_value else (low, middle)
    return math.exp(high)


def _kind(evidence: Evidence, leaf: TriggerResult) -> Kind | None:
    """What the trigger looked at; None where it was not measured against chance."""
    if leaf.trigger not in MEASURED or leaf.p_value is None:
        return None
    doubts, sizes = [], []
    for signal in evidence.of_kind(SignalKind(leaf.trigger)):
        if signal.value is None or signal.threshold is None or signal.p_value is None:
            continue
        size, error = signal.threshold * (1.0 if leaf.trigger in HARM else NOTABLE), _standard_error(signal)
        if error:
            doubts.append(_NORMAL.cdf((signal.value - size) / error))
            sizes.append(size / error)
        else:  # no spread at all: whatever is seen is certain
            doubts.append(float(signal.value >= size))
    return Kind(p_value=leaf.p_value, doubt=max(doubts), sizes=tuple(sizes)) if doubts else None


def _standard_error(signal: Signal) -> float | None:
    """That of a signal's value; None where there is none."""
    value, p_value, detail = signal.value, signal.p_value, signal.detail
    if value is None or p_value is None or not math.isfinite(value):
        return None
    if "increase_high" in detail and math.isfinite(detail["increase_high"]):
        return (detail["increase_high"] - detail["increase_low"]) / _NINETY
    if signal.kind not in HARM:  # a distance is never negative: the law of the largest of two distribution functions
        return abs(value) / math.sqrt(2.0 * math.log(2.0 / max(p_value, _LEAST)))
    z = _NORMAL.inv_cdf(1.0 - min(max(p_value, 1e-15), 1.0 - 1e-15))
    if abs(z) >= _LEAST_Z and z * value > 0.0:
        return value / z
    if signal.statistic not in METRICS or not {"low", "high", "baseline"} <= set(detail):
        return abs(value) / max(abs(z), _LEAST_Z)
    low, high = (
        METRICS[signal.statistic].worsening(baseline=detail["baseline"], recent=detail[name])
        for name in ("low", "high")
    )
    return math.sqrt(2.0) * abs(high - low) / _NINETY  # the baseline, too, was measured on some rows only
