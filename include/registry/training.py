"""The sections `training` and `gate` of a model file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from include.decision.policy.durations import Duration
from include.registry.section import Section
from include.scoring import METRICS
from include.scoring.metric import NO_ROW_LOSS

SLICES = "slices"  # the guard that stands for the primary metric in every slice
DEFAULT_ESTIMATOR = "gradient_boosting"


@dataclass(frozen=True, kw_only=True)
class TrainerEntry:
    """What the catalogue says of one way to train.

    Parameters
    ----------
    made_by : str
        The function, as ``module:function``, that is given the model's spec and the hyperparameters and returns an
        `include.retraining.trainers.trainer.Trainer`.
    example : object
        As its field of `training` is written in a model file.
    """

    made_by: str
    example: Any


_TRAINERS = "include.retraining.trainers"
#: What trains a version, by the field of `training` that says so. One of them is given; the first is the default.
TRAINERS: Mapping[str, TrainerEntry] = {
    "estimator": TrainerEntry(made_by=f"{_TRAINERS}.sklearn_trainer:of_estimator", example="linear"),
    "callable": TrainerEntry(made_by=f"{_TRAINERS}.callable_trainer:of_callable", example="math:sqrt"),
    "script": TrainerEntry(made_by=f"{_TRAINERS}.script_trainer:of_script", example={"command": ["train"]}),
}


def some_time(value: timedelta) -> timedelta:
    """Refuse a duration of nothing."""
    if not value:
        raise ValueError("it needs a length: write for example 6h or 28d")
    return value


class Script(Section):
    """A training script of the owner's; what it is given and has to write stands in ``docs/training_scripts.md``.

    `command` is run with the path of a JSON request as its last argument, in `folder` (by default a temporary one, so
    that paths in the command are best absolute). With `predict_command` what the script writes is kept as it is, and
    that command makes the predictions; without it the script writes ``model.skops``. Each run of either is stopped,
    with every process it started, when it takes longer than `timeout`, when its processes together hold more than
    `memory_mib` in memory, when it prints more than `output_mib`, or when it writes more than `disk_mib` into its
    temporary folder. `environment` names the variables that are passed on besides those that any program needs.
    """

    command: list[str] = Field(min_length=1)
    """The program and its arguments; the path of the request is added as the last one."""
    predict_command: list[str] | None = Field(None, min_length=1)
    """What answers for the model; without it the script writes `model.skops`."""
    folder: Path | None = None
    """Where both are started, an absolute path; by default a temporary folder."""
    timeout: Annotated[Duration, AfterValidator(some_time)] = timedelta(hours=1)
    """Of one run of either command."""
    memory_mib: int = Field(4096, ge=1)
    """Most memory of all its processes together, in MiB."""
    output_mib: int = Field(16, ge=1)
    """Most that it may print, in MiB."""
    disk_mib: int = Field(4096, ge=1)
    """Most that it may write into its temporary folder, in MiB."""
    environment: list[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]] = Field(default_factory=list)
    """Names of variables that are passed on, besides those that any program needs."""

    def __str__(self) -> str:
        return " ".join(self.command)

    @field_validator("command", "predict_command")
    @classmethod
    def _no_empty_words(cls, command: list[str] | None) -> list[str] | None:
        if command is not None and not command[0].strip():
            raise ValueError("the first word is the program to run")
        if command is not None and not all(map(_can_be_given, command)):
            raise ValueError("no program can be given a word with a character NUL, or with half of a character")
        return command

    @field_validator("folder")
    @classmethod
    def _absolute(cls, folder: Path | None) -> Path | None:
        if folder is not None and not folder.is_absolute():
            raise ValueError("write an absolute path")
        return folder


def _can_be_given(word: str) -> bool:
    """Whether the system takes it as an argument of a program."""
    return "\0" not in word and word.encode(errors="ignore").decode() == word


class Training(Section):
    """How a version is trained.

    One of `TRAINERS` trains it: `estimator`, a preset or the import path of a scikit-learn estimator; `callable`, a
    function ``module:function`` (see `include.retraining.trainers.callable_trainer`); `script`, a program of the
    owner's. `rows` says which history it is trained on: ``all`` of it, a ``sliding`` stretch as long as the reference,
    the ``latest`` window only, or ``measured``: each of them is tried on later rows, and the best is taken.
    `strategy` is ``full``: a version is trained from scratch; or ``incremental``: it goes on from the champion, on the
    rows that the champion was not trained on, whatever `rows` says.
    """

    estimator: str | None = Field(None, min_length=1)
    """`gradient_boosting` (the default), `linear`, `lightgbm` (install it), or a scikit-learn import path."""
    callable: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")] | None = None
    """Or a function `module:function` of `(features, target, hyperparameters, seed)`, which returns a model."""
    script: Script | None = None
    """Or a program of yours."""
    hyperparameters: dict[str, Any] = Field(default_factory=dict)
    """Passed to what trains; checked when the file is read, if that is an estimator."""
    rows: Literal["measured", "all", "sliding", "latest"] = "measured"
    """Which history a version is trained on; `measured` tries the others on later rows and takes the best."""
    seed: int = Field(0, ge=0, lt=2**32)
    """The same rows and seed make the same model."""
    strategy: Literal["full", "incremental"] = "full"
    """`incremental` goes on from the champion; `model_type` takes what is usual for the model's type."""

    @model_validator(mode="after")
    def _one_trainer(self) -> Self:
        given = [name for name in TRAINERS if getattr(self, name) is not None]
        if len(given) > 1:
            *others, last = TRAINERS
            known = f"{', '.join(others)} and {last}"
            raise ValueError(f"give one of {known}; found {' and '.join(given)}")
        return self

    @property
    def way(self) -> str:
        """Which of `TRAINERS` trains a version."""
        return next((name for name in TRAINERS if getattr(self, name) is not None), next(iter(TRAINERS)))

    @property
    def estimator_name(self) -> str | None:
        """Preset or import path of the estimator; None where something else trains."""
        return self.estimator or DEFAULT_ESTIMATOR if self.way == "estimator" else None

    @property
    def trained_by(self) -> str:
        """What trains a version, for the record: the estimator's name, the function, or the script's command."""
        return str(getattr(self, self.way) or DEFAULT_ESTIMATOR)


class Gate(Section):
    """What a challenger has to prove on held-out recent rows before it is published.

    With `refit` a proven challenger is trained once more, the held-out rows among its own: the latest rows tell most
    about the next ones. What goes on record, and what probation holds it to, is what it did on them before.

    `guards` are metrics, and ``slices`` for the primary metric in every slice, in which it must not be proven worse
    than the champion. The stored version may be as large as `max_size_mib`, all its files together, and take
    `max_latency_ms` for the answer to a single row (see `include.retraining.gate.limits`).

    With `shadow` a challenger that has passed is published only after so many checks more, at the last of which the
    gate decides again, on the labelled rows that arrived since (see `include.workflow.analysis.shadow`). 0: at once.

    A first version, which has no champion to beat, has to be proven better than a constant (see
    `include.retraining.gate.first`); with `better_than_constant` false it has not: for a target that is near noise.
    """

    level: float = Field(0.05, gt=0, lt=0.5)
    """Probability that a challenger that is no better is called better."""
    holdout_share: float = Field(0.25, gt=0, le=0.5)
    """Share of the recent labelled rows, the latest, that are held out to judge it on."""
    minimum_gain: float = Field(0.0, ge=0)
    """Relative cut of the mean loss that it has to show besides; 0.02 is 2 %."""
    refit: bool = True
    """Train a proven challenger once more, the held-out rows among its own."""
    better_than_constant: bool = True
    """Whether a first version has to be proven better than a constant."""
    shadow: int = Field(0, ge=0, le=1000)
    """Checks beside the champion before it is published; 0 for none. It takes timestamps."""
    floors: dict[str, float] = Field(default_factory=dict)
    """By metric: the value that it must reach, or for an error not exceed."""
    guards: list[str] = Field(default_factory=list)
    """Metrics, and `slices`, in none of which it may be proven worse than the champion."""
    max_latency_ms: float | None = Field(None, gt=0)
    """For the answer to a single row, in milliseconds: the median of 20, one by one."""
    max_size_mib: float | None = Field(None, gt=0)
    """Of the stored version, all its files together, in MiB."""

    @field_validator("floors")
    @classmethod
    def _known_metrics(cls, floors: dict[str, float]) -> dict[str, float]:
        for name in floors:
            if name not in METRICS:
                raise ValueError(f"unknown metric {name!r}; known: {', '.join(METRICS)}")
        return floors

    @field_validator("guards")
    @classmethod
    def _known_guards(cls, guards: list[str]) -> list[str]:
        for name in guards:
            if name == SLICES:
                continue
            if name not in METRICS:
                raise ValueError(f"unknown guard {name!r}; known: {SLICES}, {', '.join(METRICS)}")
            if METRICS[name].losses is None:
                raise ValueError(f"{name} {NO_ROW_LOSS}")
        if len(set(guards)) < len(guards):
            raise ValueError("each guard once")
        return guards

    @property
    def metrics(self) -> list[str]:
        """Metrics that floors and guards name."""
        return [*self.floors, *(name for name in self.guards if name != SLICES)]
