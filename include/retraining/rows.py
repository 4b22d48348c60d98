"""Which rows to train on: all, a sliding stretch, or the latest; measured rather than believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt
import pandas as pd

from include.retraining.prepare import Columns, TrainingRows
from include.retraining.trainers.trainer import Predictor, Trainer

Loss = Callable[[Predictor, pd.DataFrame, npt.NDArray[Any]], float]


@dataclass(frozen=True, kw_only=True)
class RowChoice:
    """A choice of training rows: those from `first` on, of them the `length` rows before a moment, or all."""

    name: str
    length: int | None = None
    first: int = 0

    def start(self, stop: int) -> int:
        """First row of the choice when its last is ``stop - 1``."""
        return self.first if self.length is None else max(self.first, stop - self.length)


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A trained challenger, the choice of rows behind it, and what each choice's validation loss was."""

    predictor: Predictor
    choice: RowChoice
    start: int
    stop: int
    validation_losses: Mapping[str, float]

    def again(self, trainer: Trainer, rows: TrainingRows, columns: Columns) -> Trained:
        """The same training once more by the same choice, now up to the last row."""
        start, stop = self.choice.start(len(rows)), len(rows)
        return replace(self, predictor=trainer.fit(*rows.slice(start, stop), columns), start=start, stop=stop)


def row_choices(wanted: str, *, reference_rows: int, recent_rows: int, least: int) -> list[RowChoice]:
    """The choices to try: one by its name, or for ``measured`` all of them. None is shorter than `least` rows."""
    choices = {
        "all": RowChoice(name="all"),
        "sliding": RowChoice(name="sliding", length=max(reference_rows, least)),
        "latest": RowChoice(name="latest", length=max(recent_rows, least)),
    }
    return list(choices.values()) if wanted == "measured" else [choices[wanted]]


def train_best(
    trainer: Trainer, rows: TrainingRows, columns: Columns, choices: list[RowChoice], loss: Loss, *, stop: int,
    validation: int,
) -> Trained:  # fmt: skip
    """Train on the rows before `stop`, chosen by the loss on the last `validation` of them.

    Each choice is trained on the rows before the validation rows and scored on those; the best is trained again on
    its rows up to `stop`. With one choice, or choices that come to the same rows, nothing has to be measured. `loss` is
    that of a model on rows and their labels; infinite where it cannot be computed.
    """
    fit_stop = stop - validation
    different = {choice.start(stop): choice for choice in reversed(choices)}
    losses: dict[str, float] = {}
    if len(different) > 1 and validation > 0 and fit_stop > 0:
        features, actual = rows.slice(fit_stop, stop)
        for choice in different.values():
            trial = trainer.fit(*rows.slice(choice.start(fit_stop), fit_stop), columns)
            losses[choice.name] = loss(trial, features, actual)
        best = next(choice for choice in choices if choice.name == min(losses, key=lambda name: losses[name]))
    else:
        best = choices[0]
    start = best.start(stop)
    return Trained(
        predictor=trainer.fit(*rows.slice(start, stop), columns),
        choice=best,
        start=start,
        stop=stop,
        validation_losses=losses,
    )
