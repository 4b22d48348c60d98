"""The fields of a model file, in the order in which people write them; `include.registry.spec` says what goes together.

The sentence below each field is what ``docs/model-file.md`` says of it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from include.decision.policy.durations import Duration
from include.registry.arrival import RedTeam
from include.registry.classes import as_text, read_classes
from include.registry.model_types import ModelTypeName
from include.registry.notifying import Notify
from include.registry.parts import Bound, Environment, Reference, Trading, as_list, kind_or_order, without_drop
from include.registry.policy import Policy
from include.registry.publishing import Approval, Probation
from include.registry.section import Section
from include.registry.source import Source
from include.registry.training import Gate, Training, some_time
from include.scoring import Task

Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}$")]


class ModelFields(Section):
    """Everything that a model file may hold."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    """Not written: the file's name without its suffix is the model's name."""
    description: str = ""
    """For people."""
    owner: str = ""
    """For people: whom to ask."""
    tags: Annotated[list[Tag], BeforeValidator(as_list)] = Field(default_factory=list)
    """For people: words by which models are found and grouped, `[pricing, eu]`."""
    enabled: bool = True
    """With `false` the six-hourly run leaves the model alone; a run that names it still looks at it."""
    priority: int = Field(0, ge=-1000, le=1000)
    """Where more models wait for a retrain than the pool has places, the highest goes first."""
    model_type: ModelTypeName | None = None
    """Brings what is usual for that type, for a policy or training that asks for it (`model_type` there)."""
    task: Task
    """What is predicted: numbers or classes."""
    source: Source
    """Where the rows are; see below."""
    timestamp: str | None = None
    """Column that says when a row was observed. Without one give `reference_path` and `recent_path` in `source`."""
    target: str
    """Column to predict; empty until the label has arrived."""
    prediction: str | None = None
    """Column with what the model in use predicted; where it has an empty cell, the champion itself predicts."""
    probability: str | None = None
    """Of two classes: column with the probability of `positive_class`, recorded beside the prediction."""
    probabilities: dict[str, str] | None = Field(None, min_length=2)
    """Of any number of classes: a column of recorded probabilities for each class, `{setosa: p_setosa, ...}`."""
    positive_class: Annotated[str | None, BeforeValidator(as_text)] = None
    """The class that `f1`, `precision`, `recall` and `auc` are about; with two classes the last in sorted order."""
    classes: Annotated[dict[str, list[str]] | None, BeforeValidator(read_classes)] = None
    """How else a class is spelled: `{"yes": [true, 1, Y], "no": [false, 0, N]}`; True, true, 1 and 1.0 need no word."""
    slices: list[str] = Field(default_factory=list)
    """Performance is looked at also for each value of these columns, or each quarter of a numeric one."""
    key: Annotated[list[str], BeforeValidator(as_list)] = Field(default_factory=list)
    """Column or columns of which one value is one row, however often it is delivered; see [rows](rows.md#copies)."""
    weight: str | None = None
    """Column: how much each row counts in training, metrics and gate; see [rows](rows.md#weights)."""
    trading: Trading | None = None
    """Given (also as `{}`) for a model that trades: `target` is a return, the prediction the position held over it."""
    features: list[str] | None = Field(None, min_length=1)
    """Columns that the model learns from; by default all that have no other use, identifiers and sentences left out."""
    categorical: list[str] = Field(default_factory=list)
    """Columns whose cells are names, though they look like numbers; short for `columns: {NAME: category}`."""
    columns: dict[str, Annotated[str | list[str], AfterValidator(kind_or_order)]] = Field(default_factory=dict)
    """Kinds of columns where those found are not right; see [rows](rows.md#kinds-of-columns)."""
    range: dict[str, tuple[Bound, Bound]] = Field(default_factory=dict)
    """What is possible, `{temperature: [-40, 60]}`, null for no limit; cells outside of it count as empty."""
    measures: dict[str, Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]] = Field(default_factory=dict)
    """Functions `module:function` of the rows (a DataFrame), one value a row, watched as the features are."""
    probes: dict[str, Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]] = Field(default_factory=dict)
    """Functions `module:function` of the model's name and the end of the window, one number, for triggers on probes."""
    reference: Reference | None = None
    """The stretch of time that the first version is trained on; needed with `timestamp`."""
    window: Annotated[Duration, AfterValidator(some_time)] = timedelta(days=28)
    """How far back a check looks. Shorter than `check_every`, some rows are never looked at: `config` says so."""
    check_every: Annotated[Duration, AfterValidator(some_time)] = timedelta(hours=6)
    """How often a run by schedule looks at it (each one, where that is not longer than runs are apart); with the window
    it turns the budget of false retrains into significance levels."""
    max_age: Annotated[Duration, AfterValidator(some_time)] | None = None
    """How old the newest row may be; by default three times what is usual, and two days."""
    timeout: Annotated[Duration, AfterValidator(some_time)] = timedelta(minutes=30)
    """Longest time that one reading of the rows, a measure or a probe may take; then the source counts as unavailable
    and is tried again."""
    label_delay: Duration = timedelta(0)
    """Labels of younger rows have not arrived."""
    minimum_rows: int = Field(100, ge=10)
    """With fewer recent rows nothing is called changed."""
    metric: str
    """The metric that decides; all others that fit are measured too, see [metrics](metrics.md)."""
    performance: Annotated[dict[str, Annotated[float, Field(gt=0)]], BeforeValidator(without_drop)] = Field(
        default_factory=dict
    )
    """Other metrics that decide as well, each with the worsening that matters: `{f1: 0.05, recall: 0.03}`."""
    training: Training = Training()
    """How a version is trained; see below."""
    gate: Gate = Gate()
    """What a version has to prove before it is published; see [gate and shadow](gate-and-shadow.md)."""
    probation: Probation = Probation()
    """How a new champion is watched; see [gate and shadow](gate-and-shadow.md#probation)."""
    approval: Approval | None = None
    """Which retrains a person has to approve in Airflow."""
    red_team: RedTeam | None = None
    """Results of a red team or a test suite; failures ask for a retrain, see [data arrival](data-arrival.md)."""
    notify: Notify = Notify()
    """Who is told what; see [notifications](notifications.md)."""
    policy: Policy = Policy()
    """When a retrain is due; see [policies](policies.md)."""
    environments: dict[str, Environment] = Field(default_factory=dict)
    """By the value of `RETRAINING_ENVIRONMENT`: fields of `policy` that are different there."""
