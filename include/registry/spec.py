"""A model file: one YAML file is one model, the file's name its name. What of its fields goes together."""

from __future__ import annotations

from typing import Any, Self

from pydantic import field_validator, model_validator

from include.decision.policy.durations import format_duration
from include.decision.policy.presets import PolicySettings
from include.decision.triggers.probe import MODEL_SIZE
from include.registry.classes import as_text
from include.registry.estimators import check_estimator
from include.registry.fields import ModelFields
from include.registry.kinds import ColumnKind, declared_kinds
from include.registry.model_files import SUFFIXES
from include.registry.model_types import MODEL_TYPES, ModelTypeDefaults
from include.registry.other_names import in_our_names
from include.registry.training import SLICES
from include.registry.yaml_text import repeated
from include.scoring import METRICS, Task
from include.scoring.classes import ClassCoding, form_of
from include.scoring.metric import NO_ROW_LOSS

RESERVED = (
    "backtests",
    "champion",
    "champion.json",
    "reports",
    "records.json",
    "manifest.json",
)  # what lies beside artifacts
_ROLES = ("target", "prediction", "probability", "timestamp")  # fields that name a column for one use each


class ModelSpec(ModelFields):
    """A registered model: what to keep good, from which rows, and how."""

    @property
    def declared_kinds(self) -> dict[str, ColumnKind]:
        """What the model file says of the kinds of its columns."""
        return declared_kinds(self.columns, self.categorical)

    @property
    def named_words(self) -> dict[str, frozenset[str]]:
        """Names that the model file gives to values of columns: of classes, and of ordered ones."""
        said = self.classes or {}
        classes = {*said, *(each for spelt in said.values() for each in spelt), *(self.probabilities or ())}
        classes |= set() if self.positive_class is None else {self.positive_class}
        found = {name: frozenset(map(str, order)) for name, order in self.columns.items() if not isinstance(order, str)}
        of_classes = frozenset(map(str, classes))
        return found | {name: of_classes for name in (self.target, self.prediction) if name is not None}

    @property
    def type_defaults(self) -> ModelTypeDefaults | None:
        """What is usual for the model's type; None without `model_type`."""
        return None if self.model_type is None else MODEL_TYPES[self.model_type]

    @property
    def probability_columns(self) -> tuple[str, ...]:
        """The columns of recorded probabilities."""
        if self.probabilities is not None:
            return tuple(self.probabilities.values())
        return () if self.probability is None else (self.probability,)

    @property
    def as_spelled(self) -> tuple[str, ...]:
        """The columns whose names stay as they are spelled: target and recorded prediction, and those of the key."""
        return tuple(name for name in (self.target, self.prediction, *self.key) if name is not None)

    @property
    def text_by_its_own_rule(self) -> dict[str, bool]:
        """Columns whose text is read as no other: times in a format that is stated, and probabilities.

        Each with whether it is text that they are read from, whatever the cells look like.
        """
        said = self.source.timestamp
        times = said.columns or ([] if self.timestamp is None else [self.timestamp])
        return dict.fromkeys(self.probability_columns, False) | (dict.fromkeys(times, True) if said.format else {})

    def settings(self, preset: str = "") -> PolicySettings:
        """The policy's effective settings; `preset` overrides the model file's for one run."""
        return self.policy.settings(
            check_every=self.check_every, window=self.window, preset=preset,
            metric_threshold=METRICS[self.metric].threshold, model_type=self.type_defaults,
        ).replace(performance=self.performance)  # fmt: skip

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
            if policy.asks_for_least and not METRICS[self.metric].larger_is_better:
                raise ValueError(
                    f"{where}.when: performance_below is for metrics where large is good; {self.metric} is an error"
                )
            unmeasured = sorted(policy.probes_asked_for - {*self.probes, MODEL_SIZE})
            if unmeasured:
                raise ValueError(
                    f"{where}.when asks for the probe {unmeasured[0]!r}, which nothing measures: name your function in "
                    f"`probes`, as in {unmeasured[0]}: module:function; known: {', '.join([*self.probes, MODEL_SIZE])}"
                )
        return self

    @model_validator(mode="after")
    def _other_metrics_fit(self) -> Self:
        if self.metric in self.performance:
            raise ValueError(f"performance: {self.metric} is `metric`; its threshold is policy.performance_threshold")
        foreign = [name for name in self.performance if METRICS[name].task is not self.task]
        if foreign:
            raise ValueError(f"performance: {', '.join(foreign)} is not a metric for {self.task}")
        return self

    @model_validator(mode="before")
    @classmethod
    def _other_names(cls, given: Any) -> Any:
        """Fields under the names that other systems have for them."""
        return in_our_names(given) if isinstance(given, dict) else given

    @model_validator(mode="before")
    @classmethod
    def _usual_strategy(cls, given: Any) -> Any:
        """``training.strategy: model_type`` stands for what is usual for the type of the model."""
        training = given.get("training") if isinstance(given, dict) else None
        if not isinstance(training, dict) or training.get("strategy") != "model_type":
            return given
        named = given.get("model_type")
        usual = MODEL_TYPES.get(named) if isinstance(named, str) else None
        if usual is None:
            raise ValueError(f"training.strategy: model_type needs a `model_type`: one of {', '.join(MODEL_TYPES)}")
        return {**given, "training": {**training, "strategy": usual.strategy}}

    @field_validator("name")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name in RESERVED or name.lower().endswith(SUFFIXES):
            raise ValueError(f"it is reserved, as are {', '.join(RESERVED)} and *.yaml; rename the file")
        return name

    @field_validator("probabilities", mode="before")
    @classmethod
    def _names_of_classes(cls, given: Any) -> Any:
        """Names of classes as text: YAML may hold a boolean, or a number."""
        if not isinstance(given, dict):
            return given
        names = [str(as_text(key)) for key in given]
        forms = repeated(form_of(name) for name in names)
        twice = sorted({name for name in names if form_of(name) in forms})
        if twice:
            raise ValueError(f"name each class once; twice: {', '.join(twice)}")
        return dict(zip(names, given.values(), strict=True))

    @field_validator("tags")
    @classmethod
    def _each_tag_once(cls, tags: list[str]) -> list[str]:
        twice = sorted(repeated(tags))
        if twice:
            raise ValueError(f"write each tag once; twice: {', '.join(twice)}")
        return tags

    @field_validator("features", "slices", "key")
    @classmethod
    def _each_column_once(cls, columns: list[str] | None) -> list[str] | None:
        twice = sorted(repeated(columns or ()))
        if twice:
            raise ValueError(f"name each column once; twice: {', '.join(twice)}")
        return columns

    @field_validator("performance")
    @classmethod
    def _known_metrics(cls, performance: dict[str, float]) -> dict[str, float]:
        for name in performance:
            if name not in METRICS:
                raise ValueError(f"unknown metric {name!r}; known: {', '.join(METRICS)}")
            if METRICS[name].losses is None:
                raise ValueError(f"{name} {NO_ROW_LOSS}")
        return performance

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
        self._ranges_are_of_numbers()
        self._columns_have_one_role()
        self._classes_and_trading()
        check_estimator(self.training, self.task, weighted=self.weight is not None)
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
        if self.source.timed and self.label_delay >= self.window:
            raise ValueError(
                "label_delay: it must be shorter than `window`, or no recent row ever has a label: found "
                f"{format_duration(self.label_delay)}, and {format_duration(self.window)} for `window`"
            )
        return self

    def _ranges_are_of_numbers(self) -> None:
        for column, (low, high) in self.range.items():
            ends = [type(end) for end in (low, high) if end is not None]
            if column in self.categorical or (column == self.target and self.task is Task.CLASSIFICATION):
                raise ValueError(f"range: {column} holds categories; a range is for numbers and dates")
            if column in (self.timestamp, self.prediction, self.probability):
                raise ValueError(f"range: {column} is no feature; name features, or the target of a regression")
            if self.features is not None and column not in {*self.features, *self.measures, self.target}:
                raise ValueError(f"range: {column} is none of `features`: {', '.join(self.features)}")
            if len(set(ends)) > 1 or (low is not None and high is not None and low > high):  # type: ignore[operator]  # one type
                raise ValueError(
                    f"range.{column}: two numbers or two dates are needed, the smaller first; null: no limit"
                )

    def _columns_have_one_role(self) -> None:
        roles: dict[str, str] = {}
        named = [(role, getattr(self, role)) for role in (*_ROLES, "weight")]
        named += [(f"probabilities.{name}", column) for name, column in (self.probabilities or {}).items()]
        for role, column in named:
            if column in roles:
                raise ValueError(f"{role}: {column!r} is the {roles[column]} already; name another column")
            if column is not None:
                roles[column] = role
        wrong = sorted((set(roles) - {self.weight}) & set(self.features or ()))
        if wrong:
            raise ValueError(f"features must not hold {', '.join(_ROLES[:-1])} or {_ROLES[-1]}: {', '.join(wrong)}")
        if self.weight in {*(self.features or ()), *self.categorical}:
            raise ValueError(f"weight: {self.weight!r} says how much a row counts, and is no feature: name it once")
        changing = [column for column in self.key if roles.get(column, "timestamp") != "timestamp"]
        if changing:
            raise ValueError(
                f"key: {changing[0]!r} is the {roles[changing[0]]}, which may be corrected: a key has to stay the same "
                "in every delivery of a row"
            )

    def _classes_fit(self) -> None:
        """Whether what is said of classes goes together."""
        said = (self.probability, self.probabilities, self.positive_class, self.classes)
        if self.task is Task.REGRESSION and any(each is not None for each in said):
            raise ValueError("probability, probabilities, positive_class and classes are for classification")
        if self.probability is not None and self.probabilities is not None:
            raise ValueError("probabilities: give these or `probability` (for two classes), not both")
        if self.probability is not None and (self.prediction is None or self.positive_class is None):
            raise ValueError("probability needs `prediction`, recorded beside it, and `positive_class`, which it is of")
        if self.probabilities is not None and self.prediction is None:
            raise ValueError("probabilities needs `prediction`, recorded beside them")
        if self.classes is not None and self.positive_class is not None:
            found = ClassCoding.of(declared=self.classes).positive(self.positive_class, self.classes)
            if found not in self.classes:
                raise ValueError(f"positive_class: {self.positive_class!r} is none of {', '.join(self.classes)}")

    def _classes_and_trading(self) -> None:
        """Whether metrics have what they need: row losses, probabilities, returns."""
        metric, regression = METRICS[self.metric], self.task is Task.REGRESSION
        if metric.losses is None:
            raise ValueError(f"metric: {metric.name} {NO_ROW_LOSS}")
        asked = [name for name in (self.metric, *self.performance, *self.gate.metrics) if METRICS[name].for_trading]
        if asked and self.trading is None:
            raise ValueError(f"{asked[0]} is for trading models: add a section `trading` (see its periods_per_year)")
        self._classes_fit()
        if not regression and self.trading is not None:
            raise ValueError("trading is for regression: the prediction is a position, the target a return")
        if metric.needs_probability and self.prediction is not None and not self.probability_columns:
            raise ValueError(
                f"metric {metric.name!r} needs probabilities, but with `prediction` they are to be recorded too: name "
                "their column in `probability`, or leave `prediction` out, so that the champion predicts; of more than "
                "two classes name a column for each in `probabilities`"
            )
