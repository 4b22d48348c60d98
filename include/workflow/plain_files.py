"""Checks and retrains from plain files, without Airflow, without a database and without a registered model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.giveaways import find_giveaways
from include.data.kinds.conform import conform
from include.data.kinds.few_words import told_words
from include.data.kinds.find import find_kinds
from include.data.pairs import column_gone
from include.data.profile import profile_table, to_floats
from include.data.reference.profiles import ReferenceProfiles
from include.data.sources.whole_files import WholeFile, kind_of, read_whole
from include.data.tables import ModelTables, feature_names
from include.data.targets import Target as Target
from include.data.targets import find_target
from include.decision.decision import Decision
from include.errors import ConfigurationError, DataError, SourceUnavailable
from include.orchestrator import AutomaticRetrainingOrchestrator as AutomaticRetrainingOrchestrator
from include.records.entries import Analysis, EventStatus, Outcome, Run
from include.records.store import Claim
from include.registry.dialect import Dialect
from include.registry.kinds import Kinds, incomparable, told
from include.registry.spec import ModelSpec
from include.scoring import Task
from include.workflow.deployment import Deployment, champion_of, now, rehearsal
from include.workflow.seen_rows import tables_seen_by
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from include.workflow.steps.first import begin_with

PREDICTION = "__prediction__"
NAME = "plain-files"  # of the model that the files are of


@dataclass(frozen=True, kw_only=True)
class PlainFiles:
    """Reference and recent rows, and what the model in use predicted for the recent ones.

    Parameters
    ----------
    reference, recent : DataFrame
        Cells as the kinds of the reference's columns have them.
    predictions, actuals : array of shape (n,) or None
        Of the `n` recent rows.
    kinds : mapping of str to ColumnKind
        Of the reference's columns.
    told : tuple of str
        What had to be found out to read the files.
    """

    reference: pd.DataFrame
    recent: pd.DataFrame
    predictions: npt.NDArray[Any] | None
    actuals: npt.NDArray[Any] | None
    kinds: Kinds = field(default_factory=dict)
    told: tuple[str, ...] = ()

    def differences(self, target: str) -> list[str]:
        """Columns besides the target that are not compared, or that only one table has."""
        new = [str(name) for name in self.recent.columns if name not in self.reference.columns and name != target]
        gone = [str(name) for name in self.reference.columns if name not in self.recent.columns and name != target]
        found = [column_gone(name, new) for name in gone]
        if len(gone) == 1 and not target:
            found = [f"{found[0]}; if it is what is predicted, say --target {gone[0]}"]
        found += [f"{name}: the reference has no such column" for name in new]
        unlike = told({name: kind for name, kind in self.kinds.items() if name not in (target, *gone)})
        return found + ([f"not compared: {unlike}"] if unlike else [])

    def giveaways(self, target: str) -> list[str]:
        """Columns of the reference that hold the target, and what to do."""
        if target not in self.reference.columns:
            return []
        learnt = [name for name, kind in self.kinds.items() if kind.kind.learnt and name != target]
        return [
            f"{each.text}: a model copies its target; leave {' and '.join(each.columns)} out of the files, unless "
            f"known before {target} is"
            for each in find_giveaways(self.reference, learnt, target)
        ]

    def decide(
        self, orchestrator: AutomaticRetrainingOrchestrator, target: Target, metrics: Mapping[str, float], *,
        learning: bool,
    ) -> Decision:  # fmt: skip
        """Whether a retrain pays, by these rows; with `learning` actuals without predictions are rows to learn from.

        Raises
        ------
        ConfigurationError
            For predictions without actuals, and where nothing is to be learnt for actuals without predictions.
        """
        actuals = self.actuals
        if self.predictions is not None and actuals is None:
            if target.name not in self.recent.columns:
                raise ConfigurationError("--recent-predictions", "give --recent-actuals too: errors need both")
            actuals = self.recent[target.name].to_numpy()
        if self.predictions is None and actuals is not None:
            if not learning:
                raise ConfigurationError("--recent-actuals", "give --recent-predictions too: errors need both")
            actuals = None  # they are to be learnt, and there is nothing to compare them with
        tables = self.reference, self.recent
        return orchestrator.should_retrain(*tables, self.predictions, actuals, metrics, target=str(target.name))

    def target(self, given: str | None, *, needed: bool = False) -> Target:
        """The column that is predicted: as named, else as the tables leave it.

        Where one is `needed`, it may also be the only column that the recent rows do not have.

        Raises
        ------
        DataError
            When there is no such column, or, where it is needed, when it cannot be told.
        """
        try:
            found = find_target(self.reference, self.recent, given, self.actuals)
        except DataError as error:
            raise DataError(f"--target: {error}") from error
        if found.name or not needed:
            return found
        gone = [str(name) for name in self.reference.columns if name not in self.recent.columns]
        new = [name for name in self.recent.columns if name not in self.reference.columns]
        if len(gone) == 1 and not new:
            return Target(name=gone[0], why="the recent rows do not have it")
        columns = ", ".join(map(str, self.reference.columns))
        raise DataError(f"--target: which column is to be predicted cannot be told; give --target, one of {columns}")


def read_plain_files(
    reference: Path, recent: Path, predictions: Path | None = None, actuals: Path | None = None
) -> PlainFiles:
    """Read tables (CSV, Parquet) and columns (``.npy`` without pickled objects, or a table of one column).

    Raises
    ------
    DataError
        When one cannot be read, when the tables share no column, or a column has not one value a recent row; the flag
        is named.
    """
    before, after = _table(reference, "--reference-data"), _table(recent, "--recent-data")
    shared = [name for name in before.table.columns if name in after.table.columns]
    if not shared:
        raise DataError(
            f"--recent-data: {recent} shares no column with --reference-data, {reference}: it has "
            f"{_listed(after.table)}, the reference {_listed(before.table)}; deliver both with the same names on top"
        )
    kinds = find_kinds(before.table, {})
    if predictions is None and (why := incomparable(kinds)):
        cells = ", ".join(map(str, before.table.dropna().head(1).to_numpy().ravel()))[:80]
        way_out = "deliver columns of values, in CSV with , ; tab or | between cells"
        raise DataError(f"--reference-data: {reference}: {why}, such as {cells!r}; {way_out}")
    files = PlainFiles(
        reference=conform(before.table, kinds), recent=conform(after.table, kinds), kinds=kinds,
        predictions=_array(predictions, "--recent-predictions"), actuals=_array(actuals, "--recent-actuals"),
        told=tuple(dict.fromkeys((*before.told, *after.told, *told_words(kinds)))),
    )  # fmt: skip
    for values, flag in ((files.predictions, "--recent-predictions"), (files.actuals, "--recent-actuals")):
        if values is not None and len(values) != len(files.recent):
            raise DataError(f"{flag}: {len(values)} values, but --recent-data has {len(files.recent)} rows")
    return files


def retrain(files: PlainFiles, target: str, *, minimum_rows: int, output: Path) -> Outcome:
    """Train a challenger on reference and recent rows, and judge it on the last of the recent ones.

    The champion is the model behind the given predictions; without them, a model trained on the reference rows alone.
    """
    spec = _spec(files, target, minimum_rows)
    recent = files.recent
    if target not in recent.columns and files.actuals is not None:
        recent = recent.assign(**{target: files.actuals})
    if target not in files.reference.columns:
        raise DataError(f"--reference-data: no column {target!r} (--target); found: {_listed(files.reference)}")
    if target not in recent.columns:
        recent = recent.assign(**{target: None})  # no label has arrived
    if files.predictions is not None:
        recent = recent.assign(**{PREDICTION: files.predictions})
    history = pd.concat([files.reference, recent], ignore_index=True)
    tables = ModelTables(
        reference=files.reference, recent=recent, history=history, window_start=None, kinds=files.kinds
    )  # fmt: skip
    deployment = rehearsal(output, spec, data_dir=Path(), read=lambda *_, **__: tables)
    try:
        return _steps(deployment, spec, files)
    except DataError as error:
        raise DataError(f"--reference-data, --target {target}, --min-samples: {error}") from error


def _steps(deployment: Deployment, spec: ModelSpec, files: PlainFiles) -> Outcome:
    """The steps of two runs: up to the first champion, then a forced retrain."""
    store = deployment.store
    first, later = (Run(run_id=name, as_of=now(), force=True, reason="execute") for name in ("first", "later"))
    if files.predictions is None:
        begin_with(deployment, NAME, first)
    else:
        begin_with(deployment, NAME, first, partial(_in_use, files, first))
    tables = tables_seen_by(deployment, spec, later, champion_of(store, NAME))
    looked = Analysis(  # whether it pays was decided before, as the flags say
        model_name=NAME, run=later, window_start=None, window_end=later.as_of, rows=len(tables.recent),
        labelled_rows=0, champion_version=1, signals=(),
    )  # fmt: skip
    store.save_analysis(looked, at=now())
    event = decide(deployment, NAME, later)[1]
    assert event is not None  # nothing speaks against a forced retrain
    event = execute(deployment, event.id)
    made = next((each for each in store.versions(NAME) if each.version == event.version), None)
    return Outcome(
        status=event.status, reason="; ".join((event.outcome, *tables.told)), scores=event.scores,
        champion_scores=event.champion_scores, details=event.details,
        artifact_path="" if made is None else made.artifact_path,
    )  # fmt: skip


def _in_use(files: PlainFiles, run: Run, deployment: Deployment, claim: Claim) -> Outcome:
    """The model behind the given predictions as the first champion: it is stored elsewhere."""
    claim.begin_version(at=now())
    spec = deployment.spec(NAME)
    table = tables_seen_by(deployment, spec, run, None).reference
    features = feature_names(spec, table, files.kinds)
    kinds = {name: files.kinds[name] for name in features}
    profile = profile_table(table, features, kinds=kinds)
    reference = ReferenceProfiles(profile=profile, inputs=tuple(features), kinds=kinds)
    return Outcome(status=EventStatus.PROMOTED, reason="in use", reference=reference)


def _spec(files: PlainFiles, target: str, minimum_rows: int) -> ModelSpec:
    """A model file made up on the spot: many different numbers are a regression, anything else classes."""
    labels = files.reference[target] if target in files.reference.columns else pd.Series(dtype=float)
    numbers = pd.api.types.is_float_dtype(labels) or (
        pd.api.types.is_integer_dtype(labels) and labels.nunique() > FEWEST_DISTINCT
    )
    task = Task.REGRESSION if numbers else Task.CLASSIFICATION
    return ModelSpec(
        name=NAME,
        task=task,
        source={"kind": "csv", "reference_path": "reference", "recent_path": "recent"},
        target=target,
        prediction=PREDICTION if files.predictions is not None else None,
        metric="rmse" if task is Task.REGRESSION else "accuracy",
        minimum_rows=minimum_rows,
    )


FEWEST_DISTINCT = 20  # whole numbers with more different values than this are a quantity, not classes


def _table(path: Path, flag: str) -> WholeFile:
    if not path.exists():
        raise SourceUnavailable(f"{flag}: no such file: {path}")
    try:
        return read_whole(path, kind_of(path), Dialect())
    except SourceUnavailable as error:
        raise SourceUnavailable(f"{flag}: {error}") from error
    except DataError as error:
        raise DataError(f"{flag}: {error}") from error


def _listed(table: pd.DataFrame) -> str:
    names = [str(name) for name in table.columns]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _array(path: Path | None, flag: str) -> npt.NDArray[Any] | None:
    """Values from ``.npy``, or from a table of one column."""
    if path is None:
        return None
    if not path.is_file():
        raise SourceUnavailable(f"{flag}: no such file: {path}")
    if path.suffix not in (".npy", ".npz"):
        return _column(_table(path, flag).table, path, flag)
    try:
        values: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{flag}: {path} cannot be read as .npy without pickled objects: {error}") from error
    if not isinstance(values, np.ndarray):
        raise DataError(f"{flag}: {path} holds several arrays; save one with numpy.save")
    if values.ndim != 1:
        raise DataError(f"{flag}: {path} has shape {values.shape}; one dimension is needed")
    return values


def _column(table: pd.DataFrame, path: Path, flag: str) -> npt.NDArray[Any]:
    names = [str(name) for name in table.columns]
    wanted = [name for name in names if not name.startswith("Unnamed")]  # row labels of pandas
    if wanted[:1] == ["column_1"] and table["column_1"].tolist() == list(range(len(table))):  # the same, without a name
        wanted = wanted[1:]
    if len(wanted) != 1:
        raise DataError(f"{flag}: {path} has the columns {', '.join(names[:12])}; one column is needed")
    kinds = find_kinds(table[wanted], {})
    values = conform(table[wanted], kinds)[wanted[0]]
    numbers = not kinds[wanted[0]].named and values.notna().any()  # single cells that are none count as missing
    return to_floats(values)[0] if numbers else values.to_numpy(dtype=object)
