from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from include import workflow
from include.data.sources.object_storage import client_from_environment
from include.errors import NothingToDo, SourceUnavailable
from include.records.memory import MemoryStore
from include.registry.places import watched_places
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment, now
from include.workflow.watching import Watching
from tests.object_server import BUCKET, ObjectServer

MODEL = """
task: regression
source: {kind: csv, path: %s, watch: {settle: 1s}}
timestamp: at
target: sales
reference: {end: 2026-01-31}
metric: rmse
%s
"""
FAILING = '<testsuite><testcase name="a"><failure/></testcase><testcase name="b"/></testsuite>'


class Here:
    """A deployment whose places are looked at by `see`."""

    def __init__(self, folder: Path) -> None:
        self.models, self.data, self.seconds = folder / "models", folder / "data", 0.0
        self.models.mkdir()
        self.data.mkdir()
        self.deployment = Deployment(
            store=MemoryStore(), models_dir=self.models, data_dir=self.data, artifacts=ArtifactFolder(folder / "kept")
        )
        self.watches: dict[str, Watching] = {}

    def model(self, name: str, path: str = "sales.csv", rest: str = "") -> None:
        (self.models / f"{name}.yaml").write_text(MODEL % (path, rest))

    def see(self) -> None:
        """Let the triggerer look until everything has settled."""
        for place in watched_places(self.models, self.data):
            kept = self.watches.setdefault(
                place.key, Watching(place, self.deployment.store.arrivals, client_from_environment)
            )
            for _ in range(4):
                self.seconds += 20
                kept.look(seconds=self.seconds, at=now())

    def take(self, run_id: str = "run-1") -> workflow.arrivals.Taken:  # type: ignore[name-defined]
        return workflow.take_arrivals(self.deployment, run_id)

    def asked(self, name: str = "sales") -> list[str]:
        return [kept.request.reason for kept in self.deployment.store.requests(model_name=name)]


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_only_the_models_that_read_it_are_looked_at(here: Here) -> None:
    here.model("a")
    here.model("b")
    here.model("c", "other.csv")
    here.see()
    with pytest.raises(NothingToDo):
        here.take("run-0")
    (here.data / "sales.csv").write_text("x\n1\n")
    here.see()
    taken = here.take()
    assert (taken.models, taken.problems) == (("a", "b"), ())
    assert taken.reason == f"arrived: {here.data}/sales.csv"
    assert here.take() == taken, "a task that is tried again finds the same"
    with pytest.raises(NothingToDo):
        here.take("run-2")
    assert here.asked("a") == [], "a check, and no wish: the policy decides"


def test_several_places_that_arrive_together_are_one_run(here: Here) -> None:
    here.model("a", "in")
    here.model("c", "other.csv")
    here.see()
    (here.data / "in").mkdir()
    for number in range(8):
        (here.data / "in" / f"{number}.csv").write_text("x\n1\n")
    (here.data / "other.csv").write_text("x\n1\n")
    here.see()
    taken = here.take()
    assert taken.models == ("a", "c")
    assert "0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 3 more in " in taken.reason


def test_failing_cases_are_asked_for_once_for_each_arrival(here: Here) -> None:
    here.model("sales", rest="red_team: {path: suite.xml, settle: 1s}")
    suite = here.data / "suite.xml"
    suite.write_text(FAILING)
    here.see()
    assert here.take().models == ("sales",)
    assert here.asked() == [f"1 of 2 cases fail in {suite}: a"]
    [kept] = here.deployment.store.requests()
    assert (kept.request.kind, kept.request.requested_by) == ("red_team", "data_arrival")
    here.take()
    assert len(here.asked()) == 1, "tried again"
    suite.write_text(FAILING.replace("<testsuite>", '<testsuite time="2">'))
    here.see()
    here.take("run-2")
    assert len(here.asked()) == 1, "the same cases, while that request waits"
    suite.write_text(FAILING.replace('<testcase name="b"/>', '<testcase name="b"><error/></testcase>'))
    here.see()
    here.take("run-3")
    assert here.asked()[1:] == [f"2 of 2 cases fail in {suite}: a, b"]


def test_results_that_pass_start_nothing_and_of_a_folder_only_the_file_that_came_is_read(here: Here) -> None:
    here.model("sales", rest="red_team: {path: suites, settle: 1s}")
    (here.data / "suites").mkdir()
    (here.data / "suites" / "old.xml").write_text(FAILING)
    here.see()
    assert here.take().models == ("sales",)
    (here.data / "suites" / "new.json").write_text('[{"name": "q", "passed": true}]')
    here.see()
    with pytest.raises(NothingToDo):
        here.take("run-2")
    assert len(here.asked()) == 1
    (here.data / "suites" / "new.json").write_text('[{"name": "q", "passed": false}]')
    here.see()
    here.take("run-3")
    assert [reason.rpartition(": ")[2] for reason in here.asked()] == ["a", "q"]


def test_a_broken_result_file_is_told_and_on_record_and_holds_up_nobody_else(here: Here) -> None:
    here.model("sales", rest="red_team: {path: suite.xml, settle: 1s}")
    here.model("other", "other.csv")
    here.see()
    (here.data / "suite.xml").write_text('<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>')
    (here.data / "other.csv").write_text("x\n1\n")
    here.see()
    taken = here.take()
    assert taken.models == ("other",)
    assert len(taken.problems) == 1
    assert f"{here.data}/suite.xml: it has a document type" in taken.problems[0]
    [failure] = workflow.failures(here.deployment)
    assert (failure.model_name, failure.run_id, failure.permanent) == ("sales", "run-1", True)


def test_arrivals_of_places_that_nobody_watches_any_more_start_nothing(here: Here) -> None:
    here.model("a")
    here.see()
    (here.data / "sales.csv").write_text("x\n1\n")
    here.see()
    (here.models / "a.yaml").write_text(MODEL.replace("watch: {settle: 1s}", "watch: false") % ("sales.csv", ""))
    with pytest.raises(NothingToDo):
        here.take()


def test_a_reason_is_never_too_long_to_be_kept(here: Here) -> None:
    here.model("sales", rest="red_team: {path: suite.xml, settle: 1s}")
    cases = "".join(f'<testcase name="{"n" * 150} {n}"><failure/></testcase>' for n in range(50))
    (here.data / "suite.xml").write_text(f"<testsuite>{cases}</testsuite>")
    here.see()
    here.take()
    assert here.asked()[0].startswith("50 of 50 cases fail in ")
    assert len(here.asked()[0]) == 500


def test_results_in_storage_are_read_and_an_outage_takes_nothing_away(here: Here, object_server: ObjectServer) -> None:
    here.model("sales", rest=f"red_team: {{path: 's3://{BUCKET}/red', connection: shop_s3, settle: 1s}}")
    object_server.bucket.put("red/suite.xml", FAILING.encode())
    here.see()
    object_server.stop()
    with pytest.raises(SourceUnavailable):
        here.take()
    object_server.start()
    assert here.take().models == ("sales",)
    assert here.asked() == [f"1 of 2 cases fail in s3://{BUCKET}/red/suite.xml: a"]


def test_a_request_is_not_made_again_when_it_was_consumed_before_the_task_was_tried_again(here: Here) -> None:
    here.model("sales", rest="red_team: {path: suite.xml, settle: 1s}")
    (here.data / "suite.xml").write_text(FAILING)
    here.see()
    here.take()
    [row] = here.deployment.store._tables.requests.rows  # type: ignore[attr-defined]
    row |= {"run_id": "scheduled", "consumed_at": now() + timedelta(seconds=1)}
    here.take()
    assert len(here.asked()) == 1
