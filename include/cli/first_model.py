"""The commands of the first ten minutes: init, validate, explain."""

from __future__ import annotations

import argparse
import shlex
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from include.cli.answer import BAD_INPUT, Answer
from include.cli.arguments import duration
from include.cli.flags import Add
from include.cli.progress import progress
from include.cli.terminal import WIDE_OPEN, width
from include.errors import ConfigurationError
from include.records.inert import inert
from include.workflow.run_parameters import PRESET_NAMES
from include.workflow.settings import Settings

if TYPE_CHECKING:  # imported late: every command reads this file
    from include.workflow.first_model.draft import Draft, Question, Said
    from include.workflow.first_model.first_rows import FirstRows


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    starting = add("init", help="write a model's first file from its rows", description=init.__doc__)
    _add_rows(starting)
    _add_fields(starting)
    starting.set_defaults(command=init, unreachable=BAD_INPUT)
    checking = add("validate", help="what a model file and its rows come to", description=validate.__doc__)
    checking.add_argument("model", help="name of a registered model, or the path of a model file")
    _add_folders(checking)
    checking.set_defaults(command=validate)
    telling = add("explain", help="when a model is retrained, in plain words", description=explain.__doc__)
    telling.add_argument("model", help="name of a registered model, or the path of a model file")
    telling.add_argument("--preset", default="", choices=["", *PRESET_NAMES], help="default: the model's own")
    _add_folders(telling)
    telling.set_defaults(command=explain)


def _add_folders(parser: argparse.ArgumentParser) -> None:
    flag = parser.add_argument
    flag("--models-dir", type=Path, help="folder of model files (default: RETRAINING_MODELS_DIR)")
    flag("--data-dir", type=Path, help="folder that relative paths start from (default: RETRAINING_DATA_DIR)")


def _add_rows(parser: argparse.ArgumentParser) -> None:
    flag = parser.add_argument
    flag("--data", metavar="FILE", help="CSV, Parquet or JSON Lines: a file, a folder, a glob, or s3://bucket/key")
    flag("--recent-data", metavar="FILE", help="rows without times: --data is the reference, this the recent rows")
    flag("--connection", default="", help="Airflow connection of the type aws, for s3:// addresses")
    flag("--sql", metavar="CONNECTION", help="Airflow connection of the type postgres, instead of --data")
    flag("--table", default="", help="table of that database")
    flag("--query", default="", help="or a SELECT")
    flag("--delimiter", help="of CSV files, between cells; this and the next three are found out by default")
    flag("--decimal", choices=[".", ","], help="before the decimals")
    flag("--thousands", choices=["", ",", ".", " ", "'"], help="between groups of digits; empty for nothing")
    flag("--encoding", help="as Python names it, such as cp1252")


def _add_fields(parser: argparse.ArgumentParser) -> None:
    flag = parser.add_argument
    flag("--target", default="", help="column to predict")
    flag("--time", nargs="+", default=[], metavar="COLUMN", help="when a row was observed; several are joined")
    flag("--time-format", default="", help="how times are written, for example '%%d/%%m/%%Y %%H:%%M'")
    flag("--time-unit", default="", choices=["", "s", "ms", "us", "ns", "excel"], help="of numbers")
    flag("--timezone", default="", help="of times that name none, such as Europe/Zurich; default: UTC")
    flag("--prediction", default="", help="column with what the model in use predicted")
    flag("--probability", default="", help="column with the probability of the positive class")
    flag("--positive-class", default="", help="of two classes the one that the model is about")
    flag("--task", choices=["regression", "classification"], help="default: by the target")
    flag("--label-delay", type=duration, metavar="TIME", help="how late labels arrive, such as 2d; default: as found")
    flag("--metric", default="", help="what decides; default: by the task")
    flag("--column", action="append", default=[], metavar="NAME=KIND", type=_kind,
         help="what a column is, such as zip=category; may be repeated")  # fmt: skip
    flag("--missing", nargs="+", default=[], type=_cell, metavar="VALUE",
         help="what stands for an empty cell, such as -999 or unknown")  # fmt: skip
    flag("--without", nargs="+", default=[], metavar="COLUMN", help="columns that the model does not learn from")
    flag("--name", default="", help="the model's name; default: by the file")
    flag("--out", type=Path, help="file to write; default: NAME.yaml in RETRAINING_MODELS_DIR")
    flag("--force", action="store_true", help="write it although there is such a file")
    _add_folders(parser)


def init(options: argparse.Namespace) -> Answer:
    """Read rows as they are, say what each column is taken for, ask what cannot be known, and write a model file."""
    from include.workflow.first_model.draft import make_draft, questions
    from include.workflow.first_model.text import model_file
    from include.workflow.first_model.written import place_of, write_file

    settings = Settings.from_environment()
    data_dir = (options.data_dir or settings.data_dir).resolve()
    rows, recent = _read(options, data_dir)
    said = _said(options)
    asks = sys.stdin.isatty() and not options.json
    if asks:
        for question in questions(rows, said, pair=recent is not None):
            said = _answered(said, question)
    with progress("looking at the columns"):
        draft = make_draft(rows, said, recent)
    if asks:
        draft = replace(draft, name=_ask(f"name of the model [{draft.name}]: ") or draft.name)
    place = place_of(draft.name, options.out, options.models_dir or settings.models_dir)
    seen = [*_seen(draft)]
    if not options.json:  # before it is written, for that may be refused
        for line in seen:
            print(inert(line))
    write_file(place, model_file(draft), force=options.force)
    document = {"file": str(place), "name": draft.name, "seen": seen}
    return Answer(document=document, lines=["", f"Wrote {place}. Next: python -m include.cli validate {place}"])


def validate(options: argparse.Namespace) -> Answer:
    """Read a model's rows once, try a first version and a check; 0: all is well, 1: warnings, 2: mistakes."""
    from include.workflow.model_files import named_file
    from include.workflow.validation.text import lines
    from include.workflow.validation.validate import validate as look

    settings = Settings.from_environment()
    file = named_file(options.model, options.models_dir or settings.models_dir)
    with progress(f"reading the rows of {file.stem}, training and checking a first version"):
        found = look(file, (options.data_dir or settings.data_dir).resolve())
    return Answer(document=found.to_json(), lines=lines(found, _width()), code=found.exit_code)


def explain(options: argparse.Namespace) -> Answer:
    """Say in plain words when a model is retrained, when not, what the gate asks, and what happens afterwards."""
    from include.interfaces.reports.plain_words import lines
    from include.workflow.model_files import load_model_file, named_file

    file = named_file(options.model, options.models_dir or Settings.from_environment().models_dir)
    told = [*lines(load_model_file(file), options.preset, _width())]
    return Answer(document={"model_name": file.stem, "preset": options.preset or None, "lines": told}, lines=told)


def _read(options: argparse.Namespace, data_dir: Path) -> tuple[FirstRows, FirstRows | None]:
    from include.workflow.first_model.first_rows import Dialect, read_file, read_query

    if (options.data is None) == (options.sql is None):
        raise ConfigurationError("init", "give --data FILE, or --sql CONNECTION with --table or --query")
    if options.sql is not None:
        if bool(options.table) == bool(options.query):
            raise ConfigurationError("--sql", "give --table TABLE or --query 'SELECT ...'")
        if options.recent_data:
            raise ConfigurationError("--recent-data", "a pair is of files; give --data for the reference")
        with progress(f"reading from {options.sql}"):
            return read_query(options.sql, options.query, options.table, missing=options.missing), None
    said = Dialect(
        delimiter=options.delimiter, decimal=options.decimal, thousands=options.thousands, encoding=options.encoding
    )
    stated = dict.fromkeys(options.time, True) if options.time_format else {}
    found = []
    for given, flag in ((options.data, "--data"), (options.recent_data, "--recent-data")):
        if given is not None:
            with progress(f"reading {given}"):
                rows = read_file(
                    given, flag, data_dir, connection=options.connection, dialect=said, missing=options.missing,
                    stated=stated,
                )  # fmt: skip
            found.append(rows)
    return found[0], found[1] if len(found) > 1 else None


def _said(options: argparse.Namespace) -> Said:
    from include.workflow.first_model.draft import METRICS, Said, Task, TimeFormat

    if options.metric and options.metric not in METRICS:
        raise ConfigurationError("--metric", f"unknown metric {options.metric!r}; known: {', '.join(METRICS)}")
    return Said(
        name=options.name, target=options.target, prediction=options.prediction, probability=options.probability,
        positive_class=options.positive_class, time=tuple(options.time),
        how=TimeFormat(format=options.time_format, timezone=options.timezone, unit=options.time_unit),
        task=None if options.task is None else Task(options.task), label_delay=options.label_delay,
        metric=options.metric, columns=dict(options.column), without=tuple(options.without),
    )  # fmt: skip


def _answered(said: Said, question: Question) -> Said:
    """What is said with one question answered on the terminal."""
    print(f"{question.text[:1].upper()}{question.text[1:]}?")
    print(f"  {', '.join(question.choices[:40])}")
    while True:
        answer = _ask("> ")
        words = tuple(answer.split()) if question.field == "time" and answer not in question.choices else (answer,)
        if words and all(word in question.choices for word in words):
            return replace(said, time=words) if question.field == "time" else replace(said, target=answer)
        print("  no such column; write its name as it stands there, or press Ctrl-C and give " + question.flag)


def _ask(text: str) -> str:
    try:
        return input(text).strip()
    except (EOFError, KeyboardInterrupt) as error:
        raise ConfigurationError("init", "not answered; nothing was written") from error


def _seen(draft: Draft) -> Iterator[str]:
    """What the columns are taken for, and what is doubtful."""
    from include.workflow.first_model.table import columns_table
    from include.workflow.validation.text import plain_length

    yield from (f"Found: {line}" for line in draft.told)
    rows = [(f"{len(draft.rows.table):,} rows, {len(draft.rows.table.columns)} columns")]
    if draft.plan.first is not None and draft.plan.last is not None:
        rows.append(f"{draft.plan.first:%Y-%m-%d %H:%M} to {draft.plan.last:%Y-%m-%d %H:%M} UTC")
    if draft.plan.cadence is not None:
        rows.append(f"usually {plain_length(draft.plan.cadence)} apart")
    if draft.plan.outside:
        rows.append(f"{draft.plan.outside} rows far outside of that or in the future")
    yield "; ".join(rows)
    shown = []
    for name in map(str, draft.rows.table.columns):
        kind = draft.kinds.get(name)
        why = draft.roles[name][1] if name in draft.roles else kind.why if kind is not None else ""
        shown.append((name, str(kind.kind) if kind is not None else "time", draft.out.get(name, "feature"), why))
    yield from columns_table(("column", "taken for", "use", "why"), shown, _width())
    for line in _doubts(draft):
        yield from textwrap.wrap(f"LOOK: {line}", _width(), subsequent_indent="  ", break_on_hyphens=False)


def _doubts(draft: Draft) -> Iterator[str]:
    """What only the owner of the rows can know, and the flag that says it."""
    for odd in draft.stand_ins:
        yield f"{odd.text}; {odd.advice(f'give --missing {odd.written}')}"
    for each in draft.giveaways:
        flag = f"--without {' '.join(map(shlex.quote, each.columns))}"
        yield f"{each.text}. If it is known only together with the target, the model will be of no use: {flag}"


def _cell(written: str) -> str | float:
    """A value as a model file has it: a number where it is one."""
    try:
        return float(written) if "." in written or "e" in written.lower() else int(written)
    except ValueError:
        return written


def _width() -> int:
    """Columns of the terminal; prose that goes elsewhere is wrapped at 100."""
    return min(width(), 100) if width() == WIDE_OPEN else width()


def _kind(text: str) -> tuple[str, str]:
    from include.workflow.first_model.roles import DECLARABLE

    name, _, kind = text.rpartition("=")
    if not name or kind not in DECLARABLE:
        known = ", ".join(DECLARABLE)
        raise argparse.ArgumentTypeError(f"found {text!r}; write NAME=KIND, where KIND is one of {known}")
    return name, kind
