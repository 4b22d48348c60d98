"""The estimators that a model file may name: two presets, and scikit-learn's own by their import path.

scikit-learn is imported only for a model that names an import path, or trains incrementally.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from include.decision.policy.problems import refuse
from include.registry.training import Training
from include.scoring import Task

_BOOSTING, _LINEAR = "sklearn.ensemble.HistGradientBoosting", "sklearn.linear_model."
#: Estimator behind each preset, by task.
NAMED_ESTIMATORS: Mapping[str, Mapping[Task, str]] = {
    "gradient_boosting": {Task.REGRESSION: f"{_BOOSTING}Regressor", Task.CLASSIFICATION: f"{_BOOSTING}Classifier"},
    "linear": {Task.REGRESSION: f"{_LINEAR}Ridge", Task.CLASSIFICATION: f"{_LINEAR}LogisticRegression"},
}
#: Those of packages that need not be installed, under the package's name.
PACKAGED: Mapping[str, Mapping[Task, str]] = {
    "lightgbm": {Task.REGRESSION: "lightgbm.LGBMRegressor", Task.CLASSIFICATION: "lightgbm.LGBMClassifier"},
}
_ELSEWHERE = "for anything else name a `callable` or a `script`"


def path_of(name: str, task: Task) -> str:
    """The import path of an estimator that is named by it, or by a short name."""
    return {**NAMED_ESTIMATORS, **PACKAGED}.get(name, {}).get(task, name)


def estimator_class(path: str) -> type[Any]:
    """The scikit-learn estimator at an import path; a ValueError says what is wrong with it."""
    module, _, name = path.rpartition(".")
    package = next((each for each, paths in PACKAGED.items() if path in paths.values()), "")
    if not path.startswith("sklearn.") and not package:
        raise ValueError(
            f"known: {', '.join(map(repr, [*NAMED_ESTIMATORS, *PACKAGED]))}, or the import path of one of "
            f"scikit-learn's, such as sklearn.ensemble.RandomForestRegressor; {_ELSEWHERE}"
        )
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        if package and isinstance(error, ImportError):
            raise ValueError(
                f"the package {package} is not installed here ({error}): install it (pip install {package}) wherever "
                "tasks and commands run, or name another estimator"
            ) from error
        raise ValueError(f"cannot be imported: {error}") from error
    if not (isinstance(found, type) and hasattr(found, "fit") and hasattr(found, "predict")):
        raise ValueError(f"is no estimator with fit and predict; {_ELSEWHERE}")
    return found


def goes_on(kind: type[Any]) -> str:
    """How an estimator goes on from where it is: ``partial_fit`` or ``warm_start``; empty if it cannot.

    Histogram gradient boosting has a ``warm_start`` that is valid on the same rows only: it bins anew at each fit.
    """
    if hasattr(kind, "partial_fit"):
        return "partial_fit"
    same_rows_only = kind.__name__.startswith("HistGradientBoosting")
    return "warm_start" if "warm_start" in _settings(kind) and not same_rows_only else ""


def check_estimator(training: Training, task: Task, *, weighted: bool = False) -> None:
    """Refuse an estimator that is not there, is not for `task`, has no such hyperparameter, or cannot go on.

    With `weighted` also one that cannot give rows different weights.

    Raises
    ------
    PydanticCustomError
        A ValueError that names the field.
    """
    name = training.estimator_name
    if name is None or (name in NAMED_ESTIMATORS and training.strategy == "full"):
        return
    try:
        kind = estimator_class(path_of(name, task))
    except ValueError as error:
        refuse("training.estimator", name, str(error))
    if name not in NAMED_ESTIMATORS:
        _check_hyperparameters(kind, training.hyperparameters, task)
    if weighted and not takes_weights(kind, training.strategy):
        problem = (
            f"{kind.__name__} takes no weights of rows (sample_weight); choose another estimator, or leave the field "
            "`weight` out"
        )
        refuse("training.estimator", f"{kind.__module__}.{kind.__name__}", problem)
    if training.strategy == "incremental" and not goes_on(kind):
        problem = (
            f"{kind.__name__} cannot go on from the champion: it has no partial_fit, and no warm_start that may be "
            "given other rows; choose another estimator, or write full"
        )
        refuse("training.strategy", training.strategy, problem)


def takes_weights(kind: type[Any], strategy: str) -> bool:
    """Whether an estimator can be told how much each row counts, in what trains it by that strategy."""
    ways = ["fit"] if strategy == "full" or goes_on(kind) != "partial_fit" else ["fit", "partial_fit"]
    return all("sample_weight" in inspect.signature(getattr(kind, way)).parameters for way in ways)


def check_requested(training: Training, task: Task, hyperparameters: Mapping[str, Any]) -> None:
    """Refuse hyperparameters for one retraining that the estimator would not take; a callable or a script takes any.

    Raises
    ------
    PydanticCustomError
        A ValueError that names the field.
    """
    name = training.estimator_name
    if name is None or not hyperparameters:
        return
    kind = estimator_class(path_of(name, task))
    _check_hyperparameters(kind, {**training.hyperparameters, **hyperparameters}, task)


def _check_hyperparameters(kind: type[Any], given: Mapping[str, Any], task: Task) -> None:
    from sklearn.base import is_classifier, is_regressor

    known = _settings(kind)
    takes_any = any(each.kind is each.VAR_KEYWORD for each in inspect.signature(kind).parameters.values())
    for name in given:
        if name not in known and not takes_any:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(known)}"
            refuse(f"training.hyperparameters.{name}", given[name], f"{kind.__name__} has no such parameter{hint}")
    try:
        made = kind(**given)
        if hasattr(made, "_parameter_constraints"):  # not one of another package
            made._validate_params()  # what fit does first: no public name, and it saves a whole failed run
    except (TypeError, ValueError) as error:
        refuse("training.hyperparameters", dict(given), f"{kind.__name__}: {' '.join(str(error).split())}")
    if not (is_regressor(made) if task is Task.REGRESSION else is_classifier(made)):
        refuse("training.estimator", f"{kind.__module__}.{kind.__name__}", f"it is not for {task}")


def _settings(kind: type[Any]) -> list[str]:
    return [name for name in inspect.signature(kind).parameters if name not in ("self", "args", "kwargs")]
