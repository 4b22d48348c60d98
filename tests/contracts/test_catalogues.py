"""The five catalogues hold all that is written, and say of each entry what others have to know of it."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest

import include.data.sources
import include.decision.triggers
import include.detectors
import include.retraining.trainers
import include.scoring
from include.decision.evidence import Evidence, PastCheck, Trigger, TriggerResult
from include.decision.policy.catalogue import SIGNALS, TRIGGERS
from include.decision.policy.presets import PRESETS
from include.decision.policy.read import read_tree
from include.decision.policy.words import Subject
from include.decision.policy.write import write_tree
from include.decision.request import RequestKind
from include.decision.signals import SignalKind
from include.decision.triggers.tree import members, walk
from include.detectors.catalogue import DETECTORS
from include.detectors.comparison import Detector
from include.errors import ConfigurationError
from include.records.entries import Analysis, Facts, Run
from include.registry.functions import of_catalogue
from include.registry.loader import load_model_file
from include.registry.source import SOURCES, FileSource, Source
from include.registry.spec import ModelSpec
from include.registry.training import TRAINERS
from include.retraining.trainers.choose import trainer_of
from include.retraining.trainers.trainer import GoingOn, Trainer
from include.scoring import METRICS, Metric, Task
from include.workflow.backtest.recorded import FROM_RECORD, LEFT_OUT, OF_THE_POLICY, KnownChampion, _evidence
from tests.contracts.test_detectors import comparison, made_detectors, table
from tests.registry.test_loader import TIMED, model_file
from tests.triggers.signals import NOW, request, signal

DAY = timedelta(days=1)
WITHOUT_ENTRY = {GoingOn: "it lends another trainer the champion to go on from"}
#: Triggers that answer to nobody but people: a recorded backtest is without them.
ONLY_LIVE = {"manual", "red_team", "first_version"}


def modules(room: ModuleType) -> Iterator[ModuleType]:
    """All modules of a room."""
    for found in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
        yield importlib.import_module(found.name)


def classes_with(room: ModuleType, method: str, protocol: type) -> set[type]:
    """The classes written in a room that have this method, the protocol itself aside."""
    return {
        found
        for module in modules(room)
        for found in vars(module).values()
        if inspect.isclass(found) and found.__module__ == module.__name__ and hasattr(found, method)
    } - {protocol}


def test_every_detector_that_is_written_is_registered() -> None:
    registered = {type(detector) for name in DETECTORS for detector in made_detectors(name)}
    assert classes_with(include.detectors, "detect", Detector) == registered


@pytest.mark.parametrize("name", DETECTORS)
def test_signals_of_a_detector_are_of_the_kinds_that_it_is_registered_with(name: str) -> None:
    known = DETECTORS[name].kinds
    assert known
    assert all(isinstance(kind, SignalKind) for kind in known)
    for detector in made_detectors(name):
        for recent in (table(400, 1, shift=3.0), table(400, 1), table(400, 1).iloc[:0]):
            for found in detector.detect(comparison(detector, recent, worse=3.0)):
                assert isinstance(found.kind, SignalKind), found
                assert found.kind in known, found


def test_every_signal_kind_that_is_named_anywhere_exists() -> None:
    folder = Path(include.detectors.__path__[0]).parent
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "SignalKind":
                assert hasattr(SignalKind, node.attr), f"{file.name}, line {node.lineno}: SignalKind.{node.attr}"


def test_every_trigger_that_is_written_is_registered() -> None:
    assert classes_with(include.decision.triggers, "decide", Trigger) == {entry.made for entry in TRIGGERS.values()}


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_trigger_is_written_as_it_was_read(name: str) -> None:
    entry = TRIGGERS[name]
    written = entry.example
    assert written == name or list(written) == [name]
    tree = read_tree(written)
    assert type(tree) is entry.made
    assert write_tree(tree) == written
    assert read_tree(write_tree(tree)) == tree


@pytest.mark.parametrize("name", TRIGGERS)
def test_a_single_trigger_is_told_in_plain_words(name: str) -> None:
    entry = TRIGGERS[name]
    tree = read_tree(entry.example)
    subject = Subject(metric="rmse", window=28 * DAY, settings=PRESETS["balanced"])
    assert (entry.words is None) is bool(members(tree))
    if entry.words is not None:
        words = entry.words(tree, subject)
        assert len(words.split()) > 3
        assert ("you measure" in words) == ("`probes` names" in entry.fires)


def test_an_unknown_trigger_is_refused_with_all_that_are_known() -> None:
    with pytest.raises(ValueError, match="did you mean 'model_age'") as refused:
        read_tree("model_agee")
    assert all(name in str(refused.value) for name in TRIGGERS)


class Watched(Evidence):
    """Evidence that notes what is looked at."""

    seen: set[str] = set()  # noqa: RUF012 - of all evidence

    def __getattribute__(self, name: str) -> Any:
        """Note it."""
        Watched.seen.add(name)
        return super().__getattribute__(name)


def watched(**state: Any) -> Evidence:
    """Evidence of which something is known in every field, but for `state`."""
    asked = tuple(request(kind, number=n) for n, kind in enumerate(RequestKind))
    fired = tuple(TriggerResult(trigger=kind, fired=True, reason="as before") for kind in SIGNALS)
    past = (PastCheck(at=NOW - DAY / 2, results=fired),)
    known: dict[str, Any] = {
        "now": NOW, "signals": tuple(signal(kind, 2.0) for kind in SIGNALS), "champion_since": NOW - 30 * DAY,
        "last_retrained_at": NOW - 20 * DAY, "trained_rows": 100, "new_rows": 500, "data_hash": "a",
        "trained_data_hash": "b", "probes": {"model_size": 1.0}, "requests": asked, "past": past,
        "declined": past, "patience": DAY, "rolled_back_at": NOW - 9 * DAY, "checked_until": NOW,
    }  # fmt: skip
    return Watched(**{**known, **state})


class QueueTrigger:
    """An owner's rule that looks at everything."""

    def __init__(self, most: int) -> None:
        self.most = most

    def decide(self, evidence: Evidence) -> bool:
        """Look at each field."""
        return len([getattr(evidence, each.name) for each in fields(Evidence)]) > self.most


@pytest.fixture
def my_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module that the example of an owner's trigger names."""
    module = ModuleType("my_rules")
    monkeypatch.setattr(module, "QueueTrigger", QueueTrigger, raising=False)
    monkeypatch.setitem(sys.modules, "my_rules", module)


@pytest.mark.usefixtures("my_rules")
@pytest.mark.parametrize("name", TRIGGERS)
def test_a_trigger_looks_at_the_evidence_that_it_is_registered_with(name: str) -> None:
    tree = read_tree(TRIGGERS[name].example)
    made = {type(each) for each in walk(tree)}
    known = {field for entry in TRIGGERS.values() if entry.made in made for field in entry.evidence}
    states: tuple[dict[str, Any], ...] = ({}, {"has_champion": False}, {"signals": (), "requests": ()})
    given = [watched(**state) for state in states]
    Watched.seen.clear()
    for each in given:
        tree.decide(each)
    assert (Watched.seen & {field.name for field in fields(Evidence)}) - {"now"} == known


def test_a_recorded_backtest_knows_of_every_piece_of_evidence_where_it_comes_from() -> None:
    told = [*FROM_RECORD, *OF_THE_POLICY, *LEFT_OUT]
    assert sorted(told) == sorted(field.name for field in fields(Evidence))


def test_a_recorded_backtest_has_the_evidence_of_every_trigger_but_those_that_people_pull() -> None:
    without = {
        name
        for name, entry in TRIGGERS.items()
        if not members(read_tree(entry.example)) and not set(entry.evidence) - set(LEFT_OUT) - {"requested"}
    }
    assert without == ONLY_LIVE
    for name, entry in TRIGGERS.items():
        assert set(entry.evidence) <= {*FROM_RECORD, *OF_THE_POLICY, *LEFT_OUT}, name


def test_what_a_check_recorded_is_the_evidence_of_its_backtest() -> None:
    facts = Facts(new_rows=7, data_hash="now", probes={"queue": 3.0})
    analysis = Analysis(
        model_name="m", run=Run(run_id="r", as_of=NOW), window_start=None, window_end=NOW, rows=10, labelled_rows=0,
        champion_version=1, signals=(), facts=facts,
    )  # fmt: skip
    champion = KnownChampion(since=NOW - DAY, trained_at=NOW - DAY, trained_rows=50, data_hash="then")
    earlier = replace(analysis, run=Run(run_id="q", as_of=NOW - DAY / 2))
    found, nothing = _evidence(analysis, champion, earlier), Evidence(now=NOW - DAY, signals=())
    assert all(getattr(found, name) != getattr(nothing, name) for name in FROM_RECORD)


def test_every_kind_of_source_that_can_be_written_is_registered_and_the_other_way_round() -> None:
    sections = get_args(get_args(Source)[0])
    written = [(kind, each) for each in sections for kind in get_args(each.model_fields["kind"].annotation)]
    assert sorted(kind for kind, _ in written) == sorted(SOURCES)
    assert all(SOURCES[kind].section is section for kind, section in written)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_names_what_reads_it(kind: str) -> None:
    entry = SOURCES[kind]
    assert callable(of_catalogue(entry.rows))
    assert bool(entry.batches) == bool(entry.endings) == (entry.section is FileSource)
    if entry.batches:
        assert len(inspect.signature(of_catalogue(entry.batches)).parameters) == 5


def test_every_reader_of_files_that_is_written_is_registered() -> None:
    written = {
        f"{module.__name__}:of_source" for module in modules(include.data.sources) if hasattr(module, "of_source")
    }
    assert written == {entry.batches for entry in SOURCES.values() if entry.batches}


@pytest.mark.parametrize("kind", ["kind: parket, ", ""])
def test_a_wrong_kind_of_source_is_refused_with_all_that_are_known(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_model_file(model_file(tmp_path, TIMED.replace("kind: csv, ", kind)))
    assert f"allowed: {', '.join(SOURCES)}" in str(refused.value)


def trained_by(tmp_path: Path, training: str) -> ModelSpec:
    return load_model_file(model_file(tmp_path, f"{TIMED}training: {training}\n"))


def test_every_trainer_that_is_written_is_chosen_by_what_a_model_file_names(tmp_path: Path) -> None:
    specs = {way: trained_by(tmp_path, json.dumps({way: entry.example})) for way, entry in TRAINERS.items()}
    assert [spec.training.way for spec in specs.values()] == list(TRAINERS)
    assert all(spec.training.trained_by for spec in specs.values())
    chosen = {type(trainer_of(spec, {})) for spec in specs.values()}
    assert len(chosen) == len(specs)
    assert classes_with(include.retraining.trainers, "fit", Trainer) - set(WITHOUT_ENTRY) == chosen


def test_two_that_train_are_refused_with_all_that_are_known(tmp_path: Path) -> None:
    examples = {way: TRAINERS[way].example for way in list(TRAINERS)[:2]}
    with pytest.raises(ConfigurationError) as refused:
        trained_by(tmp_path, json.dumps(examples))
    assert not [way for way in TRAINERS if way not in str(refused.value).partition("found")[0]]


def test_every_metric_that_is_written_is_registered() -> None:
    written = [
        metric
        for module in modules(include.scoring)
        for value in vars(module).values()
        for metric in (value if isinstance(value, tuple) else (value,))
        if isinstance(metric, Metric)
    ]
    assert written
    assert {metric.name for metric in written} == set(METRICS)
    assert all(METRICS[metric.name] is metric for metric in written)


def test_an_unknown_metric_is_refused_with_all_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_model_file(model_file(tmp_path, TIMED.replace("rmse", "rmsee")))
    known = {name for name, metric in METRICS.items() if metric.task is Task.REGRESSION}
    assert not [name for name in known if name not in str(refused.value)]
