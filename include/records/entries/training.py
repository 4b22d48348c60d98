"""What is kept of a training beside the figures that have columns of their own: one JSON value, typed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class ShadowNeeds:
    """What a version in shadow needs before it is published.

    Parameters
    ----------
    checks, rows : int
        Checks that its shadow has, and labelled rows that have to arrive meanwhile.
    beside : int
        The champion that it is beside.
    trained_since : str
        Time of the first row that it was trained on, in ISO 8601.
    ended, ended_by : str
        Why its shadow ended without a verdict, and who ended it; empty if it did not.
    """

    checks: int
    rows: int
    beside: int
    trained_since: str
    ended: str = ""
    ended_by: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it as `TrainingDetails.to_json` wrote it."""
        return cls(**{each.name: stored[each.name] for each in fields(cls) if each.name in stored})


@dataclass(frozen=True, kw_only=True)
class TrainingDetails:
    """What is kept of a training, and of the end of a shadow. None is not on record: nothing of the kind was done.

    Parameters
    ----------
    features : sequence of str
        Columns that the version reads.
    config_hash : str
        Of the model file that it was trained by.
    training_data_size, training_data_hash, training_data_path, training_data_from
        Rows that it was trained on: how many, their hash, where they came from, time of the first in ISO 8601.
    prepared_data_hash : str
        Of all rows that were prepared, held-out ones included.
    row_choice : str
        Which of the choices of rows did best.
    refit : bool
        Whether it was trained again on all rows after the gate.
    validation_losses, untrainable_choices, dropped_rows, emptied_cells : mapping
        By choice of rows; by reason; by column.
    estimator, strategy : str
    hyperparameters, reported_metrics : mapping
    gate, serving : mapping
        What the gate found; size and latency of the artifact.
    training_duration : float
        In seconds.
    cpu_usage, memory_usage, gpu_usage : mapping
    retraining_notes : str
    shadow : ShadowNeeds
    untrained_rows : int
        Rows that it was judged on and not trained on, at the gate and in shadow.
    importances : mapping of str to float
        Share of each column in the rise of the loss when one at a time is shuffled, in [0, 1]; of a version that
        passed the gate.
    external_version : str
        What its maker calls a version that was trained elsewhere.
    """

    features: tuple[str, ...] | None = None
    config_hash: str | None = None
    training_data_size: int | None = None
    training_data_hash: str | None = None
    training_data_path: str | None = None
    training_data_from: str | None = None
    prepared_data_hash: str | None = None
    row_choice: str | None = None
    refit: bool | None = None
    validation_losses: Mapping[str, Any] | None = None
    untrainable_choices: Mapping[str, Any] | None = None
    dropped_rows: Mapping[str, int] | None = None
    emptied_cells: Mapping[str, int] | None = None
    estimator: str | None = None
    strategy: str | None = None
    hyperparameters: Mapping[str, Any] | None = None
    reported_metrics: Mapping[str, Any] | None = None
    gate: Mapping[str, Any] | None = None
    serving: Mapping[str, Any] | None = None
    training_duration: float | None = None
    cpu_usage: Mapping[str, Any] | None = None
    memory_usage: Mapping[str, Any] | None = None
    gpu_usage: Mapping[str, Any] | None = None
    retraining_notes: str | None = None
    shadow: ShadowNeeds | None = None
    untrained_rows: int | None = None
    importances: Mapping[str, float] | None = None
    external_version: str | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read them as `to_json` wrote them; what a newer version of this package keeps besides is passed over."""
        known = {each.name: stored[each.name] for each in fields(cls) if stored.get(each.name) is not None}
        if "features" in known:
            known["features"] = tuple(known["features"])
        if "shadow" in known:
            known["shadow"] = ShadowNeeds.from_json(known["shadow"])
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """What is known, by name; not yet cleaned of what JSON cannot hold."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        if self.shadow is not None:
            told["shadow"] = {name: value for name, value in asdict(self.shadow).items() if value != ""}
        return {name: value for name, value in told.items() if value is not None}

    def __getitem__(self, name: str) -> Any:
        """One of them by the name that it has in the JSON; a KeyError where it is not on record."""
        return self.to_json()[name]

    def only(self, *names: str) -> Self:
        """These fields alone."""
        return type(self)(**{name: getattr(self, name) for name in names})

    def beside(self, other: TrainingDetails) -> Self:
        """With all that `other` knows in its place."""
        known = {each.name: getattr(other, each.name) for each in fields(other)}
        return replace(self, **{name: value for name, value in known.items() if value is not None})
