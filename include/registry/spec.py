"""A model file's fields. One YAML file is one model; the file's name is the model's name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from include.data.address import Address
from include.registry.durations import Duration
from include.registry.estimators import check_estimator
from include.registry.model_types import MODEL_TYPES, ModelTypeDefaults, ModelTypeName
from include.registry.policy import Policy
from include.registry.publishing import Approval, Probation
from include.registry.section import Section
from include.registry.training import SLICES, Gate, Training, some_time
from include.scoring import METRICS, Task
from include.scoring.metric import NO_ROW_LOSS
from include.triggers.presets import PolicySettings


def _not_a_number(value: object) -> object:
    """Refuse a bare number: pydantic would take 2026 for seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("a date is needed, for example 2026-01-31")
    return value


def _as_utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_not_a_number), AfterValidator(_as_utc)]


class FileSource(Section):
    """Rows in files. Either one `path` with a timestamp column, or a pair without timestamps.

    A path is that of a file, of a folder of files, or a glob (``sales/2026-*.parquet``). Relative ones start from
    ``RETRAINING_DATA_DIR``. With ``s3://bucket/key`` the files are objects in S3-compatible storage; `connection`
    names the Airflow connection of the type ``aws`` to read them by, so that no secret stands in a model file.
    """

    kind: Literal["csv", "parquet"]
    path: str | None = None
    reference_path: str | None = None
    recent_path: str | None = None
    connection: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9_]*)?$")

    @model_validator(mode="after")
    def _one_path_or_a_pair(self) -> Self:
        pair = self.reference_path is not None and self.recent_path is not None
        alone = self.path is not None and self.reference_path is None and self.recent_path is None
        if alone == (pair and self.path is None):
            raise ValueError("give either `path`, or both `reference_path` and `recent_path`")
        return self

    @model_validator(mode="after")
    def _storage_is_known(self) -> Self:
        paths = [path for path in (self.path, self.reference_path, self.recent_path) if path is not None]
        for path in paths:
            if "://" in path and Address.of(path).connection:
                raise ValueError("write s3://bucket/key, and the name of the connection in `connection`")
        if self.connection and not any("://" in path for path in paths):
            raise ValueError("a connection is for paths that begin with s3://")
        return self

    @property
    def timed(self) -> bool:
        """Whether there is one table with a timestamp column."""
        return self.path is not None

    @property
    def place(self) -> str:
        """Where the rows are, for messages and records."""
        return self.path or f"{self.reference_path} + {self.recent_path}"


class SqlSource(Section):
    """Rows with a timestamp column that a query selects from a Postgres database.

    `connection` names an Airflow connection that the environment holds (``AIRFLOW_CONN_SALES_DB`` for ``sales_db``);
    no secret stands in a model file. The query may use ``%(start)s`` and ``%(end)s``, the bounds of the rows that are
    needed (``start <= timestamp < end``), so that the server leaves the others out.
    """

    kind: Literal["sql"]
    connection: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    query: str = Field(min_length=1)

    @field_validator("query")
    @classmethod
    def _known_parameters(cls, query: str) -> str:
        marks = re.findall(r"%(\([^)]*\)s|.?)", query, re.DOTALL)
        wrong = [f"%{mark}" for mark in marks if mark not in ("%", "(start)s", "(end)s")]
        if wrong:
            raise ValueError(f"{wrong[0]!r}: a query knows %(start)s and %(end)s; a per cent sign is written %%")
        return query

    @property
    def timed(self) -> bool:
        """Whether there is one table with a timestamp column."""
        return True

    @property
    def place(self) -> str:
        """Where the rows are, for messages and records."""
        return f"sql:{self.connection}"


class SampleSource(Section):
    """Rows that come with this package: ``iris`` (bundled with scikit-learn) or ``demand`` (simulated, hourly)."""

    kind: Literal["sample"]
    name: Literal["iris", "demand"]

    @property
    def timed(self) -> bool:
        """Whether there is one table with a timestamp column."""
        return self.name == "demand"

    @property
    def place(self) -> str:
        """Where the rows are, for messages and records."""
        return f"sample:{self.name}"


Source = Annotated[FileSource | SqlSource | SampleSource, Field(discriminator="kind")]


class Reference(Section):
    """The stretch of time that the first version is trained on: ``start <= timestamp < end``."""

    start: Moment | None = None
    end: Moment

    @model_validator(mode="after")
    def _start_before_end(self) -> Self:
        if self.start is not None and self.start >= self.end:
            raise ValueError("start must be earlier than end")
        return self


class Trading(Section):
    """That the model trades: `target` is a return (0.01 is +1 %), the prediction the position held over it.

    `periods_per_year` annualises the Sharpe ratio: the rows that a year has, such as 252 trading days.
    """

    periods_per_year: float = Field(1.0, ge=1)


class Environment(Section):
    """What is different where ``RETRAINING_ENVIRONMENT`` has that name: fields of `policy`, one by one."""

    policy: Policy


class ModelSpec(Section):
    """A registered model: what to keep good, from which rows, and how."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    description: str = ""
    owner: str = ""
    enabled: bool = True
    priority: int = Field(0, ge=-1000, le=1000)  # where many wait for a retrain, the highest goes first
    model_type: ModelTypeName | None = None
    task: Task
    source: Source
    timestamp: str | None = None
    target: str
    prediction: str | None = None
    probability: str | None = None
    positive_class: str | None = None
    slices: list[str] = Field(default_factory=list)
    trading: Trading | None = None
    features: list[str] | None = Field(None, min_length=1)
    categorical: list[str] = Field(default_factory=list)
    measures: dict[str, Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]] = Field(default_factory=dict)
    probes: dict[str, Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]] = Field(default_factory=dict)
    reference: Reference | None = None
    window: Annotated[Duration, AfterValidator(some_time)] = timedelta(days=28)
    check_every: Annotated[Duration, AfterValidator(some_time)] = timedelta(hours=6)
    max_age: Annotated[Duration, AfterValidator(some_time)] | None = None
    label_delay: Duration = timedelta(0)
    minimum_rows: int = Field(100, ge=10)
    metric: str
    training: Training = Training()
    gate: Gate = Gate()
    probation: Probation = Probation()
    approval: Approval | None = None
    policy: Policy = Policy()
    environments: dict[str, Environment] = Field(default_factory=dict)

    @property
    def type_defaults(self) -> ModelTypeDefaults | None:
        """What is usual for the model's type; None without `model_type`."""
        return None if self.model_type is None else MODEL_TYPES[self.model_type]

    def settings(self, preset: str = "") -> PolicySettings:
        """The policy's effective settings; `preset` overrides the model file's for one run."""
        return self.policy.settings(
            check_every=self.check_every, window=self.window, preset=preset,
            metric_threshold=METRICS[self.metric].threshold, model_type=self.type_defaults,
        )  # fmt: skip

    def in_environment(self, name: str) -> ModelSpec:
        """The model with the policy that `environments` gives it there; as it is where nothing is said of that one."""
        if name not in self.environments:
            return self
        return self.model_copy(update={"policy": self.policy.overridden_by(self.environments[name].policy)})

    @model_validator(mode="after")
    def _policies_have_what_they_name(self) -> Self:
        for where, policy in (
            ("policy", self.policy),
            *((f"environments.{name}.policy", part.policy) for name, part in self.environments.items()),
        ):
            if policy.asks_for_model_type and self.model_type is None:
                raise ValueError(f"{where} takes a number from the model's type: add `model_type`, or give the number")
        return self

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, metric: str) -> str:
        if metric not in METRICS:
            raise ValueError(f"unknown metric {metric!r}; known: {', '.join(METRICS)}")
        return metric

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if METRICS[self.metric].task is not self.task:
            fitting = ", ".join(name for name, metric in METRICS.items() if metric.task is self.task)
            raise ValueError(f"metric {self.metric!r} is not for {self.task}; for it: {fitting}")
        foreign = [name for name in self.gate.metrics if METRICS[name].task is not self.task]
        if foreign:
            raise ValueError(f"gate: {', '.join(foreign)} is not a metric for {self.task}")
        if SLICES in self.gate.guards and not self.slices:
            raise ValueError("gate.guards: slices are guarded, but none are named: add a field `slices` with columns")
        self._classes_and_trading()
        check_estimator(self.training, self.task)
        if self.source.timed and (self.timestamp is None or self.reference is None):
            raise ValueError("a source with one table needs `timestamp` (its column) and `reference` (start, end)")
        if not self.source.timed and (self.timestamp is not None or self.reference is not None):
            raise ValueError("a pair of reference and recent rows has no use for `timestamp` and `reference`")
        if not self.source.timed and self.gate.shadow:
            raise ValueError(
                "gate.shadow: a pair of reference and recent rows has no timestamps that say which rows arrived since "
                "a version was trained; leave it out"
            )
        if not self.source.timed and self.max_age is not None:
            raise ValueError("a pair of reference and recent rows has no use for `max_age`: it has no timestamps")
        special = {self.target, self.prediction, self.probability, self.timestamp}
        if self.features is not None and special & set(self.features):
            wrong = ", ".join(sorted(str(name) for name in special & set(self.features)))
            raise ValueError(f"features must not hold target, prediction, probability or timestamp: {wrong}")
        return self

    def _classes_and_trading(self) -> None:
        """Whether metrics have what they need: row losses, probabilities, returns."""
        metric, regression = METRICS[self.metric], self.task is Task.REGRESSION
        if metric.losses is None:
            raise ValueError(f"metric: {metric.name} {NO_ROW_LOSS}")
        asked = [name for name in (self.metric, *self.gate.metrics) if METRICS[name].for_trading]
        if asked and self.trading is None:
            raise ValueError(f"{asked[0]} is for trading models: add a section `trading` (see its periods_per_year)")
        if regression and (self.probability is not None or self.positive_class is not None):
            raise ValueError("probability and positive_class are for classification")
        if not regression and self.trading is not None:
            raise ValueError("trading is for regression: the prediction is a position, the target a return")
        if self.probability is not None and (self.prediction is None or self.positive_class is None):
            raise ValueError("probability needs `prediction`, recorded beside it, and `positive_class`, which it is of")
        if metric.needs_probability and self.prediction is not None and self.probability is None:
            raise ValueError(
                f"metric {metric.name!r} needs probabilities, but with `prediction` they are to be recorded too: name "
                "their column in `probability`, or leave `prediction` out, so that the champion is asked"
            )
