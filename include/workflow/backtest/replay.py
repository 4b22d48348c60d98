"""Replays a stretch of history with the production code: what would these settings have done, and was it worth it?"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import pandas as pd

from include.data.class_columns import rows_in_one_coding
from include.decision.signals import SignalKind
from include.errors import ConfigurationError, DataError
from include.records.entries import EventStatus, Run, Version
from include.registry.spec import ModelSpec
from include.retraining.contest.contest import SharedRows
from include.retraining.prepare import prepare
from include.retraining.training_rows import fit_on
from include.scoring import METRICS, LabelledRows, score_all
from include.workflow.deployment import Deployment
from include.workflow.run import CameTo, run_model

MOST_WINDOWS = 100_000


class Checks(StrEnum):
    """Who decides at the end of a window."""

    POLICY = "policy"  # the model's policy, as in production
    ALWAYS = "always"  # a request by hand at every check; the gate still judges the challenger
    NEVER = "never"  # nobody: the first version serves all windows


@dataclass(frozen=True, kw_only=True)
class Window:
    """One window of the replay: who served it, how well, and what the check at its end decided.

    Parameters
    ----------
    start, end : datetime
    rows : int
        Labelled rows that were scored, also those whose label came only after the window.
    champion : str
    score : float or None
        The primary metric; None without rows.
    predecessor : float or None
        What the version before would have scored, in the first window of its successor; else None.
    decision, outcome : str
        Yes or no with the reason; of a retrain what came of it.
    trigger : str
        What weighed most in a yes; empty for a no.
    status : EventStatus or None
        How the retrain ended; None for no retrain.
    """

    start: datetime
    end: datetime
    rows: int
    champion: str
    score: float | None
    predecessor: float | None = None
    decision: str = ""
    outcome: str = ""
    trigger: str = ""
    status: EventStatus | None = None


@dataclass
class Tally:
    """Predictions of one way of keeping a model, over all windows."""

    name: str
    retrains: int = 0
    rows: list[LabelledRows] = field(default_factory=list)

    def add(self, rows: LabelledRows) -> None:
        """Count one window's predictions in."""
        self.rows.append(rows)

    def score(self, metric: str) -> float:
        """The metric over all windows, rows pooled; NaN when it cannot be computed."""
        if not self.rows:
            return math.nan
        rows = LabelledRows.joined(self.rows)
        return math.nan if METRICS[metric].hindrance(rows) else METRICS[metric].score(rows)


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What a replay found: its windows, the policy's tally first, then those of never and always retraining."""

    windows: list[Window]
    policy: Tally
    alternatives: list[Tally]
    outcomes: dict[EventStatus, int]


def boundaries(start: datetime, end: datetime, every: str) -> list[datetime]:
    """Ends of the windows: ``start`` first, then every ``28d``, ``6h``, ``1mo`` (calendar months), up to ``end``."""
    match = re.fullmatch(r"(\d+)(h|d|w|mo)", every)
    if match is None or int(match[1]) == 0:
        raise ConfigurationError(
            "--every", f"found {every!r}; write a number and h, d, w or mo, for example 28d or 1mo"
        )
    if start >= end:
        raise ConfigurationError("--to", f"{end:%Y-%m-%d %H:%M} is not later than --from {start:%Y-%m-%d %H:%M}")
    names = {"h": "hours", "d": "days", "w": "weeks", "mo": "months"}
    moments, count = [pd.Timestamp(start)], 1
    while moments[-1] < pd.Timestamp(end) and len(moments) <= MOST_WINDOWS:
        try:
            step = pd.DateOffset(**{names[match[2]]: int(match[1]) * count})  # type: ignore[arg-type]  # one of many
            moments.append(min(pd.Timestamp(start) + step, pd.Timestamp(end)))
        except (OverflowError, ValueError) as error:
            raise ConfigurationError("--every", f"found {every!r}: longer than any history") from error
        count += 1
    if moments[-1] < pd.Timestamp(end):
        raise ConfigurationError("--every", f"{every} makes more than {MOST_WINDOWS} windows")
    return [moment.to_pydatetime() for moment in moments]


def replay(
    deployment: Deployment,
    model_name: str,
    moments: list[datetime],
    *,
    show: Callable[[Window], None],
    preset: str = "",
    compare: bool = True,
    checks: Checks = Checks.POLICY,
) -> Replay:
    """Run the four steps at each of `moments`, and score the champion on the rows until the next one.

    Parameters
    ----------
    deployment : Deployment
        With an empty store and an artifact folder to spare.
    moments : list of datetime
        The first trains the first version; the last only ends the last window.
    show : callable
        Called with each window as it is done.
    compare : bool
        Whether to also fit and score never and always retraining.
    checks : Checks
    """
    spec = deployment.spec(model_name)
    if not spec.source.timed:
        raise ConfigurationError(model_name, "a model without timestamps has no history to replay")
    policy, outcomes = Tally("policy"), dict.fromkeys(EventStatus, 0)
    others = _Alternatives(deployment, spec) if compare else None
    first = _step(deployment, model_name, moments[0], preset).event
    if first is None or first.status is not EventStatus.PROMOTED:
        raise DataError(f"model {model_name}: no first version: {first.outcome if first else 'not decided'}")
    windows: list[Window] = []
    for start, end in pairwise(moments):
        window = _serve(deployment, spec, start, end, policy, others)
        if windows and windows[-1].champion != window.champion:
            before = windows[-1].champion
            window = replace(window, predecessor=_predecessor(deployment, spec, before, start, end))
        if end < moments[-1] and checks is not Checks.NEVER:
            found = _step(deployment, model_name, end, preset, force=checks is Checks.ALWAYS)
            window = _decided(window, found)
            if found.event is not None:
                outcomes[found.event.status] += 1
                policy.retrains += found.decision.trigger_type != SignalKind.SHADOW
        windows.append(window)
        show(window)
    if not policy.rows:
        raise _nothing_scored(spec, moments)
    tallies = others.tallies if others else []
    return Replay(windows=windows, policy=policy, alternatives=tallies, outcomes=outcomes)


def _nothing_scored(spec: ModelSpec, moments: list[datetime]) -> DataError:
    return DataError(
        f"model {spec.name}: field target: no row from {moments[0]:%Y-%m-%d %H:%M} to {moments[-1]:%Y-%m-%d %H:%M} has "
        f"a label in {spec.target!r}, so that nothing can be scored; choose --from and --to where there are some"
    )


def lines(result: Replay, metric: str) -> Iterator[str]:
    """The summary, a line each."""
    counts = {str(status): number for status, number in result.outcomes.items() if number}
    yield f"retrains {result.policy.retrains}: " + (", ".join(f"{n} {name}" for name, n in counts.items()) or "none")
    for tally in (result.policy, *result.alternatives):
        yield f"{tally.name:28s} {metric} over all windows {tally.score(metric):10.4f}   retrains {tally.retrains}"


def _decided(window: Window, found: CameTo) -> Window:
    decision, event, change = found.decision, found.event, found.change
    answer = f"{'yes' if decision.triggered else 'no'}: {decision.reason}"
    if event is None:
        return replace(window, decision=answer, outcome="" if change is None else change.sentence)
    told = f"{event.status}: {event.outcome}"
    return replace(window, decision=answer, outcome=told, trigger=decision.trigger_type, status=event.status)


def _step(deployment: Deployment, model_name: str, moment: datetime, preset: str, *, force: bool = False) -> CameTo:
    run = Run(
        run_id=f"replay__{moment.isoformat()}", as_of=moment, requested_by="replay", preset=preset, force=force,
        reason="retrained at every check" if force else "",
    )  # fmt: skip
    return run_model(deployment, model_name, run)


def _serve(
    deployment: Deployment,
    spec: ModelSpec,
    start: datetime,
    end: datetime,
    policy: Tally,
    alternatives: _Alternatives | None,
) -> Window:
    """Score the champion on the labelled rows of one window, and count them in."""
    champion = deployment.store.champion(spec.name)
    assert champion is not None  # there is a first version
    rows, judged = _judged(deployment, spec, champion, start, end)
    score = None
    if judged is not None:
        policy.add(judged)
        score = score_all(spec.task, judged).get(spec.metric)
        if alternatives is not None:
            alternatives.serve(start, rows)
    return Window(start=start, end=end, rows=len(rows), champion=champion.label, score=score)


def _predecessor(deployment: Deployment, spec: ModelSpec, label: str, start: datetime, end: datetime) -> float | None:
    """What the version of that label, which the champion replaced, scores on the window."""
    before = next(version for version in deployment.store.versions(spec.name) if version.label == label)
    judged = _judged(deployment, spec, before, start, end)[1]
    return None if judged is None else score_all(spec.task, judged).get(spec.metric)


def _judged(
    deployment: Deployment, spec: ModelSpec, version: Version, start: datetime, end: datetime
) -> tuple[SharedRows, LabelledRows | None]:
    """The rows of a window that have a label by now, and the same with a version's predictions; None for no rows."""
    in_hindsight = spec.model_copy(update={"window": end - start, "label_delay": timedelta(0)})
    recent = deployment.read(in_hindsight, deployment.data_dir, as_of=end, seen_until=start).recent
    contest = deployment.executor(spec).contest
    rows = contest.shared([version], rows_in_one_coding(spec, recent, _classes_of(version)))
    return rows, contest.answered(rows.stored[version.version], rows) if len(rows) else None


def _classes_of(version: Version) -> tuple[str, ...]:
    return () if version.baseline is None else version.baseline.classes


class _Alternatives:
    """Never retraining, and retraining at every check on all rows or on a sliding stretch of them, without a gate."""

    def __init__(self, deployment: Deployment, spec: ModelSpec) -> None:
        self._deployment, self._spec = deployment, spec
        self.tallies = [Tally("never retrain"), Tally("always, all rows"), Tally("always, sliding rows")]

    def serve(self, start: datetime, window: SharedRows) -> None:
        """Predict one window that begins at `start` in each way."""
        store, spec = self._deployment.store, self._spec
        executor = self._deployment.executor(spec)
        first = executor.load(store.versions(spec.name)[0])
        models = [first.predictor] * 3
        if self.tallies[0].rows:  # from the second window on
            tables = self._deployment.read(spec, self._deployment.data_dir, as_of=start)
            known = _classes_of(store.versions(spec.name)[0])
            rows = prepare(spec, [rows_in_one_coding(spec, tables.history, known)], first.columns)
            for place, begin in ((1, 0), (2, max(0, len(rows) - len(tables.reference)))):
                models[place] = fit_on(executor.trainer, rows, first.columns, begin, len(rows))
            for tally in self.tallies[1:]:
                tally.retrains += 1
        for tally, model in zip(self.tallies, models, strict=True):
            tally.add(executor.contest.answered(replace(first, predictor=model), window))
