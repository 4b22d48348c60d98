"""A first model file as text: the fields that are needed or were found, each with the comment that a newcomer wants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from include.decision.policy.durations import write_period
from include.registry.kinds import DECLARABLE, ColumnKind, Kind
from include.registry.source import SqlSource
from include.scoring import Task
from include.workflow.first_model.draft import PREDICTION, PROBABILITY, TARGET, Draft
from include.workflow.first_model.spans import USUAL

WIDTH = 118
_FOR_COMMENTS = 34  # column that comments begin in


def model_file(draft: Draft) -> str:
    """The file's text; it ends with a newline."""
    lines = [
        f"# The model {draft.name}, as `init` found it. Correct what is wrong, then: validate, explain, replay.",
        *_field("task", str(draft.label.task), draft.label.why),
        *_source(draft),
        *_roles(draft),
        *_features(draft),
        *_kinds(draft),
        *_times(draft),
        *_field("minimum_rows", draft.plan.minimum_rows, "with fewer recent rows nothing is called changed"),
        *_field("metric", metric_of(draft), _why_metric(draft)),
    ]
    return "\n".join(lines) + "\n"


def metric_of(draft: Draft) -> str:
    """The metric that decides: as it was said, else by the task and by how rare a class is."""
    if draft.said.metric:
        return draft.said.metric
    if draft.label.task is Task.REGRESSION:
        return "rmse"
    if not draft.label.rare:
        return "accuracy"
    return "balanced_accuracy" if draft.column(PREDICTION) and not draft.column(PROBABILITY) else "auc"


def _why_metric(draft: Draft) -> str:
    if draft.said.metric:
        return "you said so"
    if draft.label.rare:
        return "one class is seldom: accuracy would say little; others stand in docs/metrics.md"
    return "what decides; others stand in docs/metrics.md"


def _source(draft: Draft) -> Iterator[str]:
    source = draft.rows.source
    yield "source:"
    yield from _field("kind", source.kind, indent=1)
    if isinstance(source, SqlSource):
        yield from _field("connection", source.connection, "an Airflow connection; no password stands here", indent=1)
        why = "may use %(start)s and %(end)s, so that the server leaves other rows out"
        why = "start and end are put in at each check" if draft.rows.table_name else why
        yield from _field("query", query_of(draft), why, indent=1)
    elif draft.recent is not None:
        yield from _field("reference_path", source.path, "what the first version is trained on", indent=1)
        assert not isinstance(draft.recent.source, SqlSource)
        yield from _field("recent_path", draft.recent.source.path, "the rows since, replaced for each check", indent=1)
    else:
        where = "absolute: it lies outside RETRAINING_DATA_DIR" if (source.path or "").startswith("/") else ""
        yield from _field("path", source.path, where, indent=1)
    if not isinstance(source, SqlSource) and source.connection:
        yield from _field("connection", source.connection, "an Airflow connection; no key stands here", indent=1)
    yield from _cells(draft)
    yield from _reading(draft)


def _cells(draft: Draft) -> Iterator[str]:
    """How cells are written, where that is not what is usual."""
    source, dialect = draft.rows.source, draft.rows.dialect
    if source.kind == "csv":
        if dialect.delimiter not in (None, ","):
            yield from _field("delimiter", dialect.delimiter, "what ends a cell", indent=1)
        if dialect.decimal not in (None, "."):
            yield from _field("decimal", dialect.decimal, "what decimals come after", indent=1)
        if dialect.thousands:
            yield from _field("thousands", dialect.thousands, indent=1)
        if dialect.encoding:
            yield from _field("encoding", dialect.encoding, indent=1)
        if isinstance(dialect.header, tuple) and not dialect.skip:
            yield from _field("header", False, "no names on top: the columns are column_1 and so on", indent=1)
    if source.missing:
        yield from _field("missing", list(source.missing), "what stands for an empty cell", indent=1)


def query_of(draft: Draft) -> str:
    """The query: of a table that is read whole, with the bounds of what a check needs where its times allow it."""
    source = draft.rows.source
    assert isinstance(source, SqlSource)
    timed = draft.rows.table_name and draft.time is not None and len(draft.time.columns) == 1
    if not timed or draft.rows.table[draft.timestamp].dtype.kind != "M":
        return source.query
    column = '"' + draft.timestamp.replace('"', '""').replace("%", "%%") + '"'
    return f"{source.query} WHERE {column} >= %(start)s AND {column} < %(end)s"


def _reading(draft: Draft) -> Iterator[str]:
    """How times are written, as far as that was said or several columns are joined."""
    how, joined = draft.said.how, draft.time is not None and len(draft.time.columns) > 1
    if not (joined or how.format or how.timezone or how.unit):
        return
    yield "  timestamp:"
    if joined and draft.time is not None:
        yield from _field("columns", list(draft.time.columns), "joined to the time of a row", indent=2)
    for name in ("format", "timezone", "unit"):
        if getattr(how, name):
            yield from _field(name, getattr(how, name), indent=2)


def _roles(draft: Draft) -> Iterator[str]:
    if draft.time is not None:
        yield from _field("timestamp", draft.timestamp, f"when a row was observed: {draft.time.why}")
    yield from _field("target", draft.column(TARGET), "what is predicted; empty until the label arrives")
    if prediction := draft.column(PREDICTION):
        yield from _field("prediction", prediction, f"what the model in use predicted ({draft.roles[prediction][1]})")
    probability = draft.column(PROBABILITY)
    if probability:
        yield from _field("probability", probability, f"recorded beside it ({draft.roles[probability][1]})")
    positive = draft.said.positive_class or draft.label.positive
    if positive:
        others = " and ".join(f"{name}: {rows:,} rows" for name, rows in draft.label.classes.items())
        yield from _field("positive_class", positive, f"the class that the model is about; {others}")


def _features(draft: Draft) -> Iterator[str]:
    yield "features:".ljust(_FOR_COMMENTS) + "# what it learns from"
    yield from (f"  - {_scalar(name)}" for name in draft.features)
    left = {name: why for name, why in draft.out.items() if why.startswith("left out")}
    for name, why in left.items():
        yield f"  # not {' '.join(name.split())}: {why.removeprefix('left out: ')}"


def _kinds(draft: Draft) -> Iterator[str]:
    """The kinds that a reader of the cells alone would not guess, or that have a say."""
    told = {name: kind for name, kind in draft.kinds.items() if name not in draft.roles and _is_telling(kind)}
    if told:
        yield "columns:".ljust(_FOR_COMMENTS) + f"# what these are; one of {', '.join(DECLARABLE)}"
    for name, kind in told.items():
        yield from _field(name, str(kind.kind), kind.why, indent=1)


def _is_telling(found: ColumnKind) -> bool:
    plain = {Kind.NUMBER: "numbers", Kind.TIME: "times"}
    if found.declared:
        return True
    if found.kind is Kind.NESTED:
        return False  # it cannot be declared; the features leave it out
    return found.kind is not Kind.CATEGORY and found.why != plain.get(found.kind)


def _times(draft: Draft) -> Iterator[str]:
    plan = draft.plan
    if plan.start is None or plan.end is None or plan.first is None or plan.last is None:
        return
    yield "reference:".ljust(_FOR_COMMENTS) + f"# what the first version is trained on: {plan.reference_rows:,} rows"
    yield from _field("start", _moment(plan.start), indent=1, plain=True)
    yield from _field("end", _moment(plan.end), f"the rows go on to {plan.last:%Y-%m-%d}", indent=1, plain=True)
    usual = "" if plan.window <= USUAL else "; long, because rows are few"
    looks = f"how far back a check looks: some {plan.window_rows:,} rows{usual}"
    yield from _field("window", write_period(plan.window), looks)
    yield from _field("check_every", "6h", "as often as the DAG runs")
    if plan.delay or draft.said.label_delay is not None:
        young = f"labels younger than this have not arrived: {plan.delay_why}"
        yield from _field("label_delay", write_period(plan.delay), young)


def _moment(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    whole = moment - datetime.combine(moment.date(), datetime.min.time(), UTC) == timedelta(0)
    return f"{moment:%Y-%m-%d}" if whole else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _field(name: str, value: Any, comment: str = "", *, indent: int = 0, plain: bool = False) -> list[str]:
    """A field on a line, its comment beside it or, where that would be long, above it."""
    pad = "  " * indent
    written = value if plain else _list(value) if isinstance(value, list) else _scalar(value)
    line, told = f"{pad}{_scalar(name)}: {written}", " ".join(comment.split())
    if not told:
        return [line]
    if len(beside := f"{line:{_FOR_COMMENTS - 1}} # {told}") <= WIDTH:
        return [beside]
    return [f"{pad}# {told}", line]


def _list(values: Sequence[Any]) -> str:
    return f"[{', '.join(map(_scalar, values))}]"


def _scalar(value: Any) -> str:
    """A value as YAML has it on one line."""
    odd = isinstance(value, str) and any(not letter.isprintable() for letter in value)
    style = '"' if odd or (isinstance(value, str) and set(value) & set(",[]{}")) else None
    text: str = yaml.safe_dump(value, default_style=style, allow_unicode=True, width=10**6)
    return text.removesuffix("\n").removesuffix("...").removesuffix("\n")
