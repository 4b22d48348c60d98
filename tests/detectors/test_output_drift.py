from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors import OutputDriftDetector
from tests.detectors.comparisons import compare, outputs

TABLE = pd.DataFrame({"x": np.arange(200.0)})
RNG = np.random.default_rng(0)
BEFORE, SAME, MOVED = RNG.normal(size=2000), RNG.normal(size=500), RNG.normal(1.0, 1.0, 500)


def signals_of(**sides: tuple[object, object]) -> list[Signal]:
    given = compare(TABLE, TABLE, outputs=outputs(**sides))  # type: ignore[arg-type]  # array-likes
    return list(OutputDriftDetector(level=0.01).detect(given))


def changed(signals: list[Signal]) -> set[SignalKind]:
    return {signal.kind for signal in signals if signal.changed}


@pytest.mark.parametrize(
    ("sides", "kinds"),
    [({"target": (BEFORE, MOVED), "prediction": (BEFORE, SAME)}, {SignalKind.TARGET_DRIFT}),
     ({"target": (BEFORE, SAME), "prediction": (BEFORE, MOVED)}, {SignalKind.PREDICTION_DRIFT}),
     ({"target": (BEFORE, MOVED), "prediction": (BEFORE, -MOVED)},
      {SignalKind.TARGET_DRIFT, SignalKind.PREDICTION_DRIFT}),
     ({"target": (BEFORE, SAME), "prediction": (BEFORE, SAME)}, set())],
)  # fmt: skip
def test_what_moved_is_changed(sides: dict[str, tuple[object, object]], kinds: set[SignalKind]) -> None:
    assert changed(signals_of(**sides)) == kinds


def test_classes_are_compared_by_their_shares() -> None:
    found = signals_of(prediction=(["a", "b"] * 500, ["a"] * 350 + ["b"] * 150))
    assert [(signal.kind, signal.feature, signal.statistic) for signal in found] == [
        (SignalKind.PREDICTION_DRIFT, "prediction", "cramers_v")
    ]
    assert found[0].changed


def test_each_of_the_two_has_the_whole_level() -> None:
    found = signals_of(target=(BEFORE, SAME), prediction=(["a", "b"] * 500, ["a", "b"] * 100))
    assert {signal.kind: round(sum(s.level or 0.0 for s in found if s.kind is signal.kind), 9) for signal in found} == {
        SignalKind.TARGET_DRIFT: 0.01, SignalKind.PREDICTION_DRIFT: 0.01,
    }  # fmt: skip


def test_nothing_is_said_about_what_is_not_known() -> None:
    assert signals_of() == []
    assert {signal.kind for signal in signals_of(target=(BEFORE, SAME))} == {SignalKind.TARGET_DRIFT}
    assert {signal.verdict for signal in signals_of(target=(BEFORE, []))} == {Verdict.NO_DATA}
