"""What the columns of a table are for: target, prediction, probability; and what is left out of the features."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from include.data.profile import to_floats, to_names
from include.data.targets import NAMES
from include.errors import DataError
from include.registry.kinds import DECLARABLE as DECLARABLE
from include.registry.kinds import Kind, Kinds
from include.scoring import Task

FEW_CLASSES = 20  # whole numbers with more different values than this are a quantity
RARE = 0.2  # share of the rarer of two classes, below which accuracy says little
POSITIVE = frozenset({"yes", "y", "true", "t", "1", "1.0", "pos", "positive", "fraud", "churn", "default", "bad"})
_PREDICTIONS = re.compile(r"^(prediction|predictions|predicted|pred|y_pred|yhat|y_hat|forecast|predicted_.+|pred_.+)$")
_PROBABILITIES = re.compile(r"^(probability|proba|prob|p_.+|prob_.+|proba_.+|probability_.+|score)$")


@dataclass(frozen=True, kw_only=True)
class Label:
    """The target's cells, as far as they decide what kind of model this is.

    Parameters
    ----------
    task : Task
    why : str
    classes : mapping of str to int
        Rows of each class, the most frequent first; empty for a regression.
    """

    task: Task
    why: str
    classes: Mapping[str, int]

    @property
    def positive(self) -> str:
        """Of two classes the one that the model is about; empty for more."""
        if len(self.classes) != 2:
            return ""
        named = [name for name in self.classes if name.casefold() in POSITIVE]
        return named[0] if len(named) == 1 else max(self.classes)

    @property
    def rare(self) -> bool:
        """Whether one of two classes is seldom."""
        return len(self.classes) == 2 and min(self.classes.values()) < RARE * sum(self.classes.values())


def target_by_name(columns: Sequence[str]) -> str:
    """The column that is a target by its name; empty for none, or several."""
    named = [name for name in columns if name.casefold() in NAMES]
    return named[0] if len(named) == 1 else ""


def read_label(values: pd.Series[Any], task: Task | None, where: str) -> Label:
    """What kind of model predicts these cells.

    Raises
    ------
    DataError
        When there is nothing to learn: no label, or one value only, or text where numbers are needed.
    """
    known = values.dropna()
    if len(known) and isinstance(known.iloc[0], list | tuple | dict | set | np.ndarray):
        raise DataError(f"{where}: its cells are lists; name another column, or deliver its parts as columns")
    if not len(known):
        raise DataError(f"{where}: no row has a label; name another column (--target), or deliver the labels")
    if known.nunique() == 1:
        raise DataError(
            f"{where}: every label is {str(known.iloc[0])!r}, so that there is nothing to learn; name another column "
            "(--target)"
        )
    floats, unreadable = to_floats(known)
    finite = floats[np.isfinite(floats)]
    numbers = not pd.api.types.is_bool_dtype(known) and unreadable <= 0.05 * len(known)
    if task is Task.REGRESSION and unreadable:
        odd = str(known[pd.isna(floats)].iloc[0])
        raise DataError(f"{where}: {unreadable} labels are no numbers, such as {odd!r}; correct them, or say "
                        "--task classification")  # fmt: skip
    if task is None:
        whole = numbers and bool((finite % 1 == 0).all())
        few = known.nunique() <= FEW_CLASSES
        task = Task.REGRESSION if numbers and not (whole and few) else Task.CLASSIFICATION
        why = f"{known.nunique():,} different numbers" if task is Task.REGRESSION else f"{known.nunique():,} classes"
        if whole and few:
            why = f"whole numbers of {known.nunique()} values; say --task regression if they are quantities"
    else:
        why = "you said so"
    if task is Task.REGRESSION:
        return Label(task=task, why=why, classes={})
    names = pd.Series(to_names(known)).value_counts()
    if len(names) > 0.5 * len(known):
        raise DataError(
            f"{where}: {len(names):,} different labels in {len(known):,} rows are no classes, such as "
            f"{names.index[0]!r}; name another column (--target)"
        )
    return Label(task=task, why=why, classes={str(name): int(rows) for name, rows in names.items()})


def recorded_prediction(columns: Sequence[str], target: str) -> str:
    """The column with the model's recorded predictions by its name; empty for none, or several."""
    named = [name for name in columns if name != target and _PREDICTIONS.match(name.casefold())]
    return named[0] if len(named) == 1 else ""


def recorded_probability(table: pd.DataFrame, target: str, prediction: str) -> str:
    """The column with the recorded probability by its name and cells; empty for none, or several."""
    named = [
        str(name) for name in table.columns
        if name not in (target, prediction) and _PROBABILITIES.match(str(name).casefold())
        and pd.api.types.is_float_dtype(table[name]) and table[name].dropna().between(0.0, 1.0).all()
    ]  # fmt: skip
    return named[0] if len(named) == 1 else ""


def left_out(table: pd.DataFrame, kinds: Kinds, roles: Mapping[str, str]) -> dict[str, str]:
    """Why each column that is no feature is none: its role, or what it holds."""
    found = dict(roles)
    for name in (name for name in map(str, table.columns) if name not in roles):
        if table[name].isna().all():
            found[name] = "left out: it is empty"
        elif not kinds[name].kind.learnt:
            found[name] = f"left out: nothing to learn from ({kinds[name].kind})"
        elif kinds[name].kind is not Kind.NESTED and table[name].nunique() == 1 and not table[name].isna().any():
            found[name] = "left out: every row has the same"
        elif kinds[name].kind is Kind.CALENDAR and _numbers_rows(table[name]):
            found[name] = "left out: it numbers the rows"
        elif name.casefold() in ("y_pred", "yhat", "y_hat", "prediction", "predicted", "probability", "proba"):
            found[name] = "left out: by its name it is a model's answer"
    return found


def _numbers_rows(values: pd.Series[Any]) -> bool:
    """Whether these are whole numbers, each once and hardly any left out."""
    floats, unreadable = to_floats(values)
    whole = not unreadable and bool(np.isfinite(floats).all()) and bool((floats % 1 == 0).all())
    return whole and bool(values.is_unique) and float(np.ptp(floats)) < 1.5 * len(floats)
