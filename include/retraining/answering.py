"""Stored versions as they answer: what one does not answer here is an `ArtifactError` that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import Possible
from include.errors import ArtifactError, RetrainingError, TrainingError, TransientError
from include.records.entries import Version, VersionStatus
from include.registry.spec import ModelSpec
from include.retraining.artifacts import Artifacts, StoredModel
from include.retraining.prepare import feature_table
from include.retraining.trainers.trainer import Predictor, class_probabilities
from include.scoring import Task

WAY_OUT = (
    "bring back what it needs (its files, or the libraries of its time), or start a run with `force`: a version is "
    "then trained as a first one"
)
WITHOUT_IT = "bring back what it needs (its files, or the libraries of its time), or go on without that version"
FEW = 5  # rows that are enough to see whether a version answers


@dataclass(frozen=True)
class Answering:
    """A stored version: the model itself, but for errors of whatever it is made of.

    An upgrade of a library, or an environment that is gone, may leave a model that loads and does not answer, or
    answers something that is no prediction.
    """

    predictor: Predictor
    label: str
    task: Task | None = None
    way_out: str = WAY_OUT

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        """The model's predictions, of shape (n,), none missing; an `ArtifactError` where it does not answer so."""
        return np.asarray(self._ask(self._predictions, features))

    def __getattr__(self, name: str) -> Any:
        """Anything else that the model has, such as ``classes_``; probabilities with the same care."""
        found = getattr(self.predictor, name)
        return (lambda features: self._ask(self._chances, features)) if name == "predict_proba" else found

    def _predictions(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        found = np.asarray(self.predictor.predict(features))
        if found.shape != (len(features),) or found.dtype.kind in "cmMV":
            raise TrainingError(f"it answers {len(features)} rows with {found.dtype} of shape {found.shape}")
        found = found.astype(float) if self.task is Task.REGRESSION else found
        without = ~np.isfinite(found) if found.dtype.kind == "f" else pd.isna(found)
        if without.any():
            raise TrainingError(f"of {len(features)} rows it answers {int(without.sum())} with nothing or infinity")
        return found

    def _chances(self, features: pd.DataFrame) -> npt.NDArray[Any] | None:
        found = class_probabilities(self.predictor, features)
        return None if found is None else found[0]

    def _ask(self, ask: Callable[[pd.DataFrame], Any], features: pd.DataFrame) -> Any:
        try:
            return ask(features)
        except (TransientError, MemoryError):
            raise
        except (Exception, SystemExit) as error:  # whatever it is made of may raise anything
            raise ArtifactError(_silence(self.label, "does not answer here", error, self.way_out)) from error


def load_version(
    artifacts: Artifacts, version: Version, spec: ModelSpec | None, known: Mapping[str, Possible]
) -> StoredModel:
    """Load a version.

    Parameters
    ----------
    spec : ModelSpec or None
        Says by which command a model in files of its own answers, and whether answers are numbers; None where the
        model file cannot be read.
    known : mapping of str to Possible
        Which numbers are values, besides what it was stored with.

    Raises
    ------
    ArtifactError
        When it cannot be loaded.
    """
    way_out = WAY_OUT if version.status is VersionStatus.CHAMPION else WITHOUT_IT
    try:
        stored = artifacts.load(
            version.artifact_path, version.artifact_sha256, None if spec is None else spec.training.script
        )
    except (TransientError, MemoryError):
        raise
    except (Exception, SystemExit) as error:  # a library that reads it may raise anything
        raise ArtifactError(_silence(version.label, "cannot be loaded here", error, way_out)) from error
    columns = stored.columns.knowing(known) if known else stored.columns
    return replace(
        stored,
        columns=columns,
        predictor=Answering(stored.predictor, version.label, None if spec is None else spec.task, way_out),
    )


def smoke_test(
    artifacts: Artifacts, spec: ModelSpec, kept: tuple[str, str], trained: Predictor, features: pd.DataFrame
) -> StoredModel:
    """A stored artifact, loaded; it must answer as the model in memory does before it may be published.

    Parameters
    ----------
    kept : (str, str)
        Path and SHA-256, as `Artifacts.save` returned them.
    """
    stored = artifacts.load(*kept, spec.training.script)
    if not np.array_equal(stored.predictor.predict(features), trained.predict(features)):
        raise ArtifactError(f"{kept[0]}: the stored model does not predict what the trained one does")
    return stored


def answers_of(
    predictor: Predictor, features: pd.DataFrame
) -> tuple[npt.NDArray[Any], tuple[npt.NDArray[np.float64], tuple[str, ...]] | None]:
    """Predictions, and what `class_probabilities` says: by one pass where the first are the likeliest of the second."""
    if not _says_the_likeliest(as_stored(predictor)):
        return predictor.predict(features), class_probabilities(predictor, features)
    chances = class_probabilities(predictor, features)
    assert chances is not None  # these models give them
    classes: Any = getattr(predictor, "classes_")  # noqa: B009  # no part of the protocol
    return np.asarray(classes)[chances[0].argmax(axis=1)], chances


def _says_the_likeliest(predictor: Any) -> bool:
    """Whether a model is one of scikit-learn's that make a prediction of its probabilities, and of nothing else."""
    from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.pipeline import Pipeline

    model = predictor[-1] if type(predictor) is Pipeline else predictor
    return type(model) in (HistGradientBoostingClassifier, RandomForestClassifier, ExtraTreesClassifier)


def as_stored(predictor: Predictor) -> Predictor:
    """The model itself, for training that goes on from it."""
    return predictor.predictor if isinstance(predictor, Answering) else predictor


def silence_of(load: Callable[[Version], StoredModel], version: Version, rows: pd.DataFrame) -> str:
    """Why a version that has an artifact answers nothing to the last of the rows; empty where it answers.

    Rows without one of its columns tell nothing.
    """
    if not version.artifact_path:
        return ""
    try:
        stored = load(version)
        if rows.empty or set(stored.columns.features) - set(rows.columns):
            return ""
        stored.predictor.predict(feature_table(rows.iloc[-FEW:], stored.columns))
    except ArtifactError as error:
        return str(error)
    return ""


def _silence(label: str, what: str, error: BaseException, way_out: str) -> str:
    told = str(error) if isinstance(error, RetrainingError) else f"{type(error).__name__}: {error}"
    return f"{label} {what}: {told}; {way_out}"
