"""How models are divided into batches, and what a batch of them comes to when one of them is not like the others."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from include import workflow
from include.data.tables import ModelTables, read_part_of_tables, read_tables
from include.errors import ConfigurationError, NothingToDo, PermanentError, SourceUnavailable, TransientError
from include.interfaces.reports.files import file_report
from include.records.entries import Run
from include.records.memory import MemoryStore
from include.registry import loader
from include.registry.spec import ModelSpec
from include.workflow import batch
from include.workflow.batches import FEW, MOST, SIZE, batches_of, is_of_several, label_of
from tests.stage import REFERENCE_DAYS, Stage, day, sales

LATER = day(REFERENCE_DAYS + 12)
QUIET = ("ash", "birch")


@pytest.mark.parametrize(
    ("models", "batches"),
    [(0, 0), (1, 1), (2, 2), (20, 20), (21, 20), (39, 20), (500, 20), (501, 21), (1_000, 40), (1_300, 52), (2_500, 100),
     (5_000, 200), (5_001, 200), (20_000, 200)],
)  # fmt: skip
def test_models_are_divided_in_their_order_into_batches_of_one_size(models: int, batches: int) -> None:
    names = [f"m{number}" for number in range(models)]
    made = batches_of(names)
    assert len(made) == batches <= MOST
    assert [name for each in made for name in each] == names
    sizes = {len(each) for each in made}
    assert max(sizes, default=0) - min(sizes, default=0) <= 1
    assert max(sizes, default=0) <= max(1, SIZE if models <= MOST * SIZE else -(-models // MOST))
    assert models > FEW or sizes <= {1}


def test_label_of_one_model_is_its_name_and_of_more_their_ends_and_number() -> None:
    assert [label_of(["demand"]), label_of(["a", "b", "c"])] == ["demand", "a … c (3 models)"]
    assert [is_of_several(label_of(["demand"])), is_of_several(label_of(["a", "b", "c"]))] == [False, True]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Two models with champions that are published and told of."""
    stage = Stage(tmp_path_factory.mktemp("quiet"))
    for name in QUIET:
        stage.add(name, sales(50))
        stage.run(name, day(REFERENCE_DAYS), run_id="first")
        workflow.publish(stage.deployment, name, Run(run_id="first", as_of=day(REFERENCE_DAYS)))
    return stage


class Asked:
    """A run of a batch: the two models that are quiet, and others as a test makes them."""

    def __init__(self, stage: Stage, folder: Path, run_id: str, **changes: Any) -> None:
        self.models = Path(shutil.copytree(stage.models, folder / "models"))
        self.deployment = replace(stage.deployment, models_dir=self.models, **changes)
        self.run = Run(run_id=run_id, as_of=LATER, requested_by="ada")
        self.store = stage.store

    def looked(self, names: Sequence[str], **asked: Any) -> dict[str, batch.Looked]:
        return {each.model_name: each for each in workflow.analyze_batch(self.deployment, names, self.run, **asked)}

    def settled(self, names: Sequence[str]) -> dict[str, batch.Settled]:
        return {each.model_name: each for each in workflow.decide_batch(self.deployment, names, self.run)}

    def went_on(self, names: Sequence[str]) -> list[str]:
        """Both steps; the models that need tasks of their own."""
        self.looked(names)
        return [name for name, each in self.settled(names).items() if each.goes_on]

    def failures(self, name: str) -> list[str]:
        return [f"{each.step} {each.error_type}" for each in workflow.failures(self.deployment, name,
                                                                              run_id=self.run.run_id)]  # fmt: skip


@pytest.fixture
def asked(quiet: Stage, tmp_path: Path, request: pytest.FixtureRequest) -> Asked:
    return Asked(quiet, tmp_path, request.node.name)


def broken(asked: Asked, name: str = "broken") -> str:
    (asked.models / f"{name}.yaml").write_text("metric: rsme\n")
    return name


def test_quiet_models_need_no_tasks_of_their_own_and_no_report(asked: Asked) -> None:
    assert asked.went_on(QUIET) == []
    for name in QUIET:
        found = asked.store.decision(name, asked.run.run_id)
        assert found is not None
        assert found[1] is None
        assert file_report(asked.deployment, name, asked.run) is None
        assert asked.store.report_path(name, asked.run.run_id) == ""
        assert workflow.report_of(asked.deployment, name, asked.run.run_id).decision == found[0]


def test_model_that_fires_goes_on_and_the_others_of_its_batch_do_not(asked: Asked) -> None:
    shutil.copy(asked.models / "ash.yaml", asked.models / "fresh.yaml")
    assert asked.went_on(["ash", "fresh", "birch"]) == ["fresh"]
    event = workflow.event_in_run(asked.deployment, "fresh", asked.run)
    assert event is not None
    assert event.trigger_type == "first_version"
    assert workflow.event_in_run(asked.deployment, "ash", asked.run) is None


@pytest.mark.parametrize("place", [0, 1, 2])
def test_model_that_fails_stops_no_other_of_its_batch_wherever_it_stands(asked: Asked, place: int) -> None:
    names = [*QUIET]
    names.insert(place, broken(asked))
    assert asked.went_on(names) == ["broken"]
    assert asked.failures("broken") == ["analyze ConfigurationError"]
    assert all(asked.store.decision(name, asked.run.run_id) for name in QUIET)


def test_model_that_is_alone_in_its_batch_fails_as_its_model_does(asked: Asked) -> None:
    with pytest.raises(ConfigurationError, match="rsme"):
        asked.looked([broken(asked)])


def test_what_failed_in_a_batch_counts_as_the_first_try_and_is_on_record_once(asked: Asked) -> None:
    asked.went_on([broken(asked), *QUIET])
    with pytest.raises(PermanentError, match="analyze failed: ConfigurationError"):
        workflow.check_again(asked.deployment, "broken", asked.run, first=True)
    assert asked.failures("broken") == ["analyze ConfigurationError"]
    with pytest.raises(ConfigurationError):
        workflow.check_again(asked.deployment, "broken", asked.run, first=False)
    assert asked.failures("broken") == ["analyze ConfigurationError"] * 2
    shutil.copy(asked.models / "ash.yaml", asked.models / "broken.yaml")
    workflow.check_again(asked.deployment, "broken", asked.run, first=False)
    assert workflow.event_in_run(asked.deployment, "broken", asked.run) is not None
    with pytest.raises(NothingToDo):
        workflow.check_again(asked.deployment, "ash", asked.run, first=True)


def test_failure_that_may_pass_is_raised_as_one(asked: Asked) -> None:
    text = (asked.models / "ash.yaml").read_text()
    (asked.models / "gone.yaml").write_text(text.replace("ash.csv", "gone.csv"))
    assert asked.went_on(["gone", *QUIET]) == ["gone"]
    assert asked.failures("gone") == ["analyze SourceUnavailable"]
    with pytest.raises(TransientError, match="gone"):
        workflow.check_again(asked.deployment, "gone", asked.run, first=True)


def test_paused_models_are_told_and_a_batch_of_them_has_nothing_to_do(asked: Asked) -> None:
    shutil.copy(asked.models / "ash.yaml", asked.models / "held.yaml")
    asked.store.people.set_pause("held", paused=True, by="ada", reason="not now", at=LATER)
    try:
        looked = asked.looked(["held", "ash"])
        assert (looked["held"].nothing, looked["ash"].analysis is None) == (True, False)
        settled = asked.settled(["held", "ash"])
        assert (settled["held"].goes_on, settled["held"].found) == (False, None)
        assert "paused by ada" in settled["held"].why
        [rest] = workflow.settle_rest(asked.deployment, ["held"], asked.run, ["held"])
        assert (rest.goes_on, asked.failures("held")) == (False, [])
        assert "not now" in rest.why
    finally:
        asked.store.people.set_pause("held", paused=False, by="ada", reason="now", at=LATER)


def test_batch_whose_processes_died_goes_on_behind_the_model_that_they_may_have_died_of(asked: Asked) -> None:
    for name in ("killer", "later"):
        shutil.copy(asked.models / "ash.yaml", asked.models / f"{name}.yaml")
    names = ["ash", broken(asked), "killer", "later", "birch"]
    steps = workflow.analyze_batch(asked.deployment, names, asked.run)
    assert [next(steps).model_name for _ in range(2)] == ["ash", "broken"]
    before = asked.store.analysis("ash", asked.run.run_id)
    once_more = workflow.analyze_batch(asked.deployment, names, asked.run, before=1)
    assert [next(once_more).nothing for _ in range(2)] == [True, True]
    once_more.close()
    looked = asked.looked(names, before=2)
    assert [name for name, each in looked.items() if each.analysis is not None] == ["later", "birch"]
    assert [name for name, each in looked.items() if each.nothing] == ["ash", "broken"]
    assert asked.store.analysis("ash", asked.run.run_id) == before
    assert [name for name, each in asked.settled(names).items() if each.goes_on] == ["broken", "killer", "later"]
    assert asked.failures("broken") == ["analyze ConfigurationError"]
    workflow.check_again(asked.deployment, "killer", asked.run, first=True)
    assert workflow.event_in_run(asked.deployment, "killer", asked.run) is not None


def test_batch_whose_process_died_once_goes_on_with_the_model_that_it_was_to_look_at(asked: Asked) -> None:
    assert next(workflow.analyze_batch(asked.deployment, QUIET, asked.run)).model_name == "ash"
    looked = asked.looked(QUIET, before=1)
    assert [looked[name].analysis is None for name in QUIET] == [True, False]


def test_batch_that_is_decided_twice_opens_no_event_twice(asked: Asked) -> None:
    shutil.copy(asked.models / "ash.yaml", asked.models / "fresh.yaml")
    names = [*QUIET, "fresh"]
    assert asked.went_on(names) == asked.went_on(names) == ["fresh"]
    assert len(asked.store.events(model_name="fresh", run_id=asked.run.run_id)) == 1


def test_batch_of_which_nothing_is_known_is_checked_model_by_model_but_one_that_was_alone_told_itself(
    asked: Asked,
) -> None:
    names = ["ash", broken(asked)]
    rest = {each.model_name: each for each in workflow.settle_rest(asked.deployment, names, asked.run, ["broken"])}
    assert (rest["ash"].goes_on, rest["broken"].goes_on) == (True, False)
    assert asked.failures("broken") == ["analyze ProcessDied"]


def test_champion_that_downstream_was_not_told_of_goes_on_and_so_do_files_that_are_not_the_champions(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(asked.store.watch), "untold", lambda self, names: frozenset({"birch"}))
    assert asked.went_on(QUIET) == ["birch"]
    monkeypatch.undo()
    link = asked.deployment.artifacts.root / "ash" / "champion"  # type: ignore[attr-defined]
    target = link.readlink()
    link.unlink()
    try:
        assert [name for name, each in asked.settled(QUIET).items() if each.goes_on] == ["ash"]
        dry = replace(asked.run, run_id="dry", dry_run=True)
        list(workflow.analyze_batch(asked.deployment, QUIET, dry))
        assert not [each for each in workflow.decide_batch(asked.deployment, QUIET, dry) if each.goes_on]
    finally:
        link.symlink_to(target)


def test_records_that_do_not_answer_end_the_batch_so_that_it_is_tried_again(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: MemoryStore) -> str:
        raise SourceUnavailable("the records are away")

    names = [broken(asked), *QUIET]
    monkeypatch.setattr(MemoryStore, "identity", away)
    with pytest.raises(ConfigurationError):
        asked.looked(names)


@pytest.mark.parametrize("reading", ["read", "read_part"])
def test_source_that_takes_long_beside_others_is_set_aside_and_no_failure(
    quiet: Stage, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, reading: str
) -> None:
    read = {"read": read_tables, "read_part": read_part_of_tables}[reading]
    limits: list[timedelta] = []

    def stalled(spec: Any, *args: Any, **kwargs: Any) -> ModelTables | None:
        limits.append(spec.timeout)
        if spec.name == "birch":
            raise SourceUnavailable("birch: not read")
        return read(spec.model_copy(update={"timeout": timedelta(minutes=1)}), *args, **kwargs)

    monkeypatch.setattr(batch, "LONGEST_READING", timedelta(0))
    asked = Asked(quiet, tmp_path, request.node.name, **{"read_part": None, reading: stalled})
    assert asked.went_on(QUIET) == ["birch"]
    assert (asked.failures("birch"), set(limits)) == ([], {timedelta(0)})
    with pytest.raises(SourceUnavailable):
        workflow.check_again(asked.deployment, "birch", asked.run, first=True)
    assert limits[-1] == timedelta(minutes=30)


def test_model_files_of_a_batch_are_read_once(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    load = loader.load_model_file

    def noted(path: Path) -> ModelSpec:
        read.append(path.stem)
        return load(path)

    monkeypatch.setattr(loader, "load_model_file", noted)
    asked.looked(QUIET)
    assert read == [*QUIET]
