"""A model's first file before it is written: every field with where it comes from, or what its owner has to say."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from include.data.giveaways import Giveaway, find_giveaways
from include.data.kinds.conform import conform
from include.data.kinds.find import find_kinds
from include.data.kinds.stand_ins import StandIn, find_stand_ins
from include.data.kinds.times import joined, read_times
from include.errors import ConfigurationError, DataError
from include.registry.kinds import Kinds, declared_kinds
from include.registry.time_format import TimeFormat as TimeFormat
from include.scoring import METRICS as METRICS
from include.scoring import Task as Task
from include.workflow.first_model.first_rows import FirstRows
from include.workflow.first_model.roles import (
    Label,
    left_out,
    read_label,
    recorded_prediction,
    recorded_probability,
    target_by_name,
)
from include.workflow.first_model.spans import Plan, make_plan, pair_plan
from include.workflow.first_model.times import TimeColumn, choose_time, find_times, looked_at, time_of_day

TARGET, PREDICTION, PROBABILITY = "the target", "what the model predicted", "the probability that it gave"
TIME = "the time of a row"
_NAME = re.compile(r"[^a-z0-9_.-]+")


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a model's owner says about it; what is None or empty is found out, or becomes a question.

    Parameters
    ----------
    time : tuple of str
        Columns that are joined to the time of a row.
    columns : mapping of str to str
        Kinds of columns.
    without : tuple of str
        Columns that the model does not learn from.
    no_time : bool
        Whether the rows have none: they are the reference of a pair.
    """

    name: str = ""
    target: str = ""
    prediction: str = ""
    probability: str = ""
    positive_class: str = ""
    time: tuple[str, ...] = ()
    how: TimeFormat = field(default_factory=TimeFormat)
    task: Task | None = None
    label_delay: timedelta | None = None
    metric: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    no_time: bool = False


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing that cannot be known: the field of `Said` that answers it, its flag, and what to ask."""

    field: str
    flag: str
    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """All that a first model file says.

    Parameters
    ----------
    rows : FirstRows
    recent : FirstRows or None
        The other half of a pair.
    time : TimeColumn or None
    timestamp : str
        The name of the column of times, joined or not; empty without.
    roles : mapping of str to (str, str)
        Of the columns that are no inputs: what each is for, and why it was taken for that.
    kinds : mapping of str to ColumnKind
    out : mapping of str to str
        Why each column that is no feature is none.
    told : tuple of str
        What had to be found out to read the rows.
    giveaways : tuple of Giveaway
        Features that hold the target.
    stand_ins : tuple of StandIn
        Numbers that may stand for no value.
    """

    name: str
    rows: FirstRows
    said: Said
    recent: FirstRows | None
    time: TimeColumn | None
    timestamp: str
    roles: Mapping[str, tuple[str, str]]
    label: Label
    kinds: Kinds
    out: Mapping[str, str]
    plan: Plan
    told: tuple[str, ...] = ()
    giveaways: tuple[Giveaway, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()

    def column(self, role: str) -> str:
        """The first column of that role; empty for none."""
        return next((name for name, (known, _) in self.roles.items() if known == role), "")

    @property
    def features(self) -> list[str]:
        """What the model learns from."""
        return [str(name) for name in self.rows.table.columns if str(name) not in self.out]


def questions(rows: FirstRows, said: Said, *, pair: bool) -> list[Question]:
    """What cannot be known from the rows; empty if all is said."""
    names = tuple(map(str, rows.table.columns))
    open_questions = []
    if not (said.target or target_by_name(names)):
        text = "which column is to be predicted"
        open_questions.append(Question(field="target", flag="--target COLUMN", text=text, choices=names))
    if not (said.time or pair or said.no_time):
        found = find_times(rows.table, said.how)
        if choose_time(found) is None:
            text = "which column says when a row was observed"
            text += f" (it may be {', '.join(each.label for each in found)})" if found else ""
            flag = "--time COLUMN [COLUMN ...]" + (
                "" if found else ", or --recent-data FILE for rows without times, of which FILE holds the recent ones"
            )
            open_questions.append(Question(field="time", flag=flag, text=text, choices=names))
    return open_questions


def make_draft(rows: FirstRows, said: Said, recent: FirstRows | None = None) -> Draft:
    """Fill every field.

    Raises
    ------
    ConfigurationError
        When a column is named that is not there, or something stays open; its flag is named.
    DataError
        When the rows do not allow it: no label, a time that can be read in two ways.
    """
    names = [str(name) for name in rows.table.columns]
    _require_columns(said, names)
    open_questions = questions(rows, said, pair=recent is not None)
    if open_questions:
        listed = ", ".join(names[:30]) + (f" and {len(names) - 30} more" if len(names) > 30 else "")
        asked = [f"{each.text}: give {each.flag}" for each in open_questions]
        raise ConfigurationError("init", *asked, f"the columns are {listed}")
    return _made(rows, said, recent, names)


def _made(rows: FirstRows, said: Said, recent: FirstRows | None, names: Sequence[str]) -> Draft:
    """The draft, once everything is said that cannot be known."""
    target = said.target or target_by_name(names)
    label = read_label(rows.table[target], said.task, f"--target {target}")
    if said.task is Task.REGRESSION and said.positive_class:
        raise ConfigurationError("--positive-class", "a regression has no classes; leave it out")
    if said.positive_class and said.positive_class not in label.classes:
        raise ConfigurationError(
            "--positive-class", f"found {said.positive_class!r}; the classes are {', '.join(list(label.classes)[:20])}"
        )
    time = None if recent is not None or said.no_time else _time(rows, said)
    roles = _roles(rows, said, target, label, time)
    told: tuple[str, ...] = ()
    if time is None:
        plan = pair_plan(rows.table, recent.table if recent is not None else None)
        reference, times = rows.table, None
        history = rows.table if recent is None else pd.concat([rows.table, recent.table], ignore_index=True)
    else:
        moments, told = _moments(rows.table, time, said.how)
        plan = make_plan(moments, rows.table[target].notna(), said.label_delay)
        order = moments.argsort(kind="stable")
        assert plan.end is not None  # it is of rows with times
        inside = moments.iloc[order].lt(pd.Timestamp(plan.end)).to_numpy()
        times = moments.iloc[order[inside]]
        history = rows.table.iloc[order].drop(columns=[n for n in time.columns if n in roles])
        reference = history.iloc[inside]
    kinds = find_kinds(conform(reference, {}), declared_kinds(said.columns), times=times, window_rows=plan.window_rows)
    if recent is not None:
        told = (*told, *recent.told)
    draft = Draft(
        name=said.name or _name_of(rows), rows=rows, said=said, recent=recent, time=time,
        timestamp="" if time is None else _timestamp(rows.table, time), roles=roles, label=label, kinds=kinds,
        out=left_out(reference, kinds, _uses(roles, said)), plan=plan,
        told=(*rows.told, *told),
    )  # fmt: skip
    if not draft.features:
        why = "; ".join(f"{name}: {why}" for name, why in draft.out.items())
        raise DataError(f"--target {target}: there is no column left to learn from: {why}")
    numbers = [target, *draft.features] if label.task is Task.REGRESSION else draft.features
    stand_ins = find_stand_ins(
        conform(reference, kinds), conform(history, kinds), numbers, kinds=kinds, recent=plan.window_rows,
    )  # fmt: skip
    return replace(
        draft, giveaways=tuple(find_giveaways(reference, draft.features, target)), stand_ins=tuple(stand_ins)
    )


def _roles(
    rows: FirstRows, said: Said, target: str, label: Label, time: TimeColumn | None
) -> dict[str, tuple[str, str]]:
    """What each column is for that is no input, and why."""
    names = [str(name) for name in rows.table.columns]
    prediction = said.prediction or recorded_prediction(names, target)
    probability = said.probability
    if not probability and prediction and len(label.classes) == 2:
        probability = recorded_probability(rows.table, target, prediction)
    found = {target: (TARGET, "you said so" if said.target else "its name")}
    if prediction:
        found[prediction] = PREDICTION, "you said so" if said.prediction else "its name"
    if probability:
        found[probability] = PROBABILITY, "you said so" if said.probability else "its name and cells"
    for name in () if time is None else time.columns:
        if name in found:
            raise ConfigurationError("--time", f"{name!r} is {found[name][0]} already; name another column")
        if name == time_of_day(rows.table, time):
            continue  # an hour is worth learning from, too
        found[name] = TIME, "" if time is None else time.why
    return found


def _uses(roles: Mapping[str, tuple[str, str]], said: Said) -> dict[str, str]:
    """What each column is used for that is known before its cells are looked at."""
    return {
        **dict.fromkeys(said.without, "left out: you said so"), **{name: role for name, (role, _) in roles.items()},
    }  # fmt: skip


def _require_columns(said: Said, names: Sequence[str]) -> None:
    """Refuse columns that are not there."""
    asked = [
        ("--target", said.target), ("--prediction", said.prediction), ("--probability", said.probability),
        *(("--time", name) for name in said.time), *(("--column", name) for name in said.columns),
        *(("--without", name) for name in said.without),
    ]  # fmt: skip
    wrong = [(flag, name) for flag, name in asked if name and name not in names]
    if wrong:
        flag, name = wrong[0]
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigurationError(flag, f"no column {name!r}{hint}; found: {', '.join(names[:30])}")


def _time(rows: FirstRows, said: Said) -> TimeColumn:
    chosen = looked_at(rows.table, said.time, said.how) if said.time else choose_time(find_times(rows.table, said.how))
    assert chosen is not None  # else there was a question
    if chosen.problem:
        flags = "source.timestamp.format is --time-format here, source.timestamp.unit --time-unit"
        raise DataError(f"--time {' '.join(chosen.columns)}: {chosen.problem} ({flags})")
    return chosen


def _moments(table: pd.DataFrame, time: TimeColumn, how: TimeFormat) -> tuple[pd.Series[Any], tuple[str, ...]]:
    """The time of each row, and what had to be found out to read them."""
    cells = joined(table, time.columns, how.format)
    read = read_times(cells, how, f"--time {' '.join(time.columns)}")
    told = [f"{time.label}: {read.told}"] if read.told else []
    if lost := int(read.values.isna().sum()):
        told.append(f"{time.label}: {lost} rows without a readable time will be left out")
    if read.values.dropna().nunique() < 2:
        raise DataError(f"--time {time.label}: all rows are of one moment; name another column, or give --recent-data")
    return read.values, tuple(told)


def _timestamp(table: pd.DataFrame, time: TimeColumn) -> str:
    """The name of the column of times: its own, or one that no column has for several that are joined."""
    if len(time.columns) == 1:
        return time.columns[0]
    return next(name for name in ("observed_at", "timestamp", "_".join(time.columns)) if name not in table.columns)


def _name_of(rows: FirstRows) -> str:
    """A model's name from the file's or the table's."""
    place = rows.table_name.split(".")[-1] if rows.table_name else rows.source.place
    stem = re.sub(r"(\.(csv|tsv|txt|data|parquet|pq|gz|bz2|zst))+$", "", Path(place.rstrip("/*")).name.lower())
    name = _NAME.sub("_", stem).strip("_.-")[:64]
    return name or "model"
