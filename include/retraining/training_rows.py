"""Which rows to train on: all, a sliding stretch, or the latest; measured rather than believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from include.errors import DataError, TrainingError
from include.retraining.prepare import Columns, TrainingRows
from include.retraining.trainers.trainer import Predictor, Trainer
from include.retraining.weights import passed_on

Loss = Callable[..., float]  # of a predictor, features, labels, and `weight=` where rows have weights


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
    """A trained challenger, the choice of rows behind it, and what each choice's validation loss was.

    Of a choice that could not be trained `untrainable` says why.
    """

    predictor: Predictor
    choice: RowChoice
    start: int
    stop: int
    validation_losses: Mapping[str, float]
    untrainable: Mapping[str, str] = field(default_factory=dict)

    def again(self, trainer: Trainer, rows: TrainingRows, columns: Columns) -> Trained:
        """The same training once more by the same choice, now up to the last row.

        Where those rows cannot be trained on, as when a class has vanished from them, it stays as it was judged.
        """
        start, stop = self.choice.start(len(rows)), len(rows)
        try:
            predictor = fit_on(trainer, rows, columns, start, stop)
        except TrainingError as error:
            return replace(self, untrainable={**self.untrainable, "refit": str(error)})
        return replace(self, predictor=predictor, start=start, stop=stop)


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
    its rows up to `stop`. One that cannot be trained, or scored, is left out. With one choice, or choices that come
    to the same rows, nothing has to be measured. `loss` is that of a model on rows, their labels and weights; infinite
    where it cannot be computed.

    Raises
    ------
    TrainingError, DataError
        When no choice can be trained.
    """
    fit_stop = stop - validation
    different = {choice.start(stop): choice for choice in reversed(choices)}
    if len(different) < 2 or validation <= 0 or fit_stop <= 0:
        return _fitted(trainer, rows, columns, choices[0], stop)
    losses: dict[str, float] = {}
    failed: dict[str, TrainingError | DataError] = {}
    features, actual = rows.slice(fit_stop, stop)
    for choice in different.values():
        try:
            trial = fit_on(trainer, rows, columns, choice.start(fit_stop), fit_stop)
            losses[choice.name] = loss(trial, features, actual, **passed_on(rows.weights(fit_stop, stop)))
        except (TrainingError, DataError) as error:
            failed[choice.name] = error
    measured = [choice for choice in different.values() if choice.name in losses]
    for choice in sorted(measured, key=lambda choice: losses[choice.name]):
        try:
            made = _fitted(trainer, rows, columns, choice, stop)
        except TrainingError as error:
            failed[choice.name] = error
        else:
            untrainable = {name: str(error) for name, error in failed.items()}
            return replace(made, validation_losses=losses, untrainable=untrainable)
    raise _none_of(failed)


def fit_on(trainer: Trainer, rows: TrainingRows, columns: Columns, start: int, stop: int) -> Predictor:
    """Train on the rows ``start <= i < stop``, with their weights if they have any."""
    return trainer.fit(*rows.slice(start, stop), columns, **passed_on(rows.weights(start, stop)))


def _none_of(failed: Mapping[str, TrainingError | DataError]) -> TrainingError | DataError:
    """What to say when nothing could be trained: once, if it is the same for all choices."""
    reasons = {name: str(error) for name, error in failed.items()}
    if len(set(reasons.values())) == 1:
        return next(iter(failed.values()))
    told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    return TrainingError(f"field training.rows: none of the choices of rows can be trained: {told}")


def _fitted(trainer: Trainer, rows: TrainingRows, columns: Columns, choice: RowChoice, stop: int) -> Trained:
    start = choice.start(stop)
    predictor = fit_on(trainer, rows, columns, start, stop)
    return Trained(predictor=predictor, choice=choice, start=start, stop=stop, validation_losses={})
