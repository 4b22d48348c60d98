from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.data.sources.object_storage import client_from_environment
from include.records.entries import Arrival
from include.records.memory import MemoryStore
from include.records.memory.arrivals import MemoryArrivals
from include.workflow.watched import ArrivalKind, Place
from include.workflow.watching import REMIND_SECONDS, Watching

START = datetime(2026, 5, 3, tzinfo=UTC)
ENDINGS = {ArrivalKind.ROWS: (".csv", ".parquet"), ArrivalKind.RESULTS: (".xml", ".json")}


@dataclass
class Triggerer:
    """Looks each five seconds of a made-up clock; `restart` forgets everything but the records."""

    path: Path
    kind: ArrivalKind = ArrivalKind.ROWS
    settle: float = 10
    cooldown: float = 0
    arrivals: MemoryArrivals = field(default_factory=lambda: MemoryStore().arrivals)
    seconds: float = 1000.0
    told: list[Arrival] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, down: float = 0) -> None:
        place = Place(
            kind=self.kind, path=str(self.path), endings=ENDINGS[self.kind], settle=timedelta(seconds=self.settle),
            cooldown=timedelta(seconds=self.cooldown), every=timedelta(seconds=5),
        )  # fmt: skip
        self.seconds += down
        self.watching = Watching(place, self.arrivals, client_from_environment)

    def go_on(self, seconds: float = 0) -> list[Arrival]:
        """What is told meanwhile."""
        told = []
        for _ in range(int(seconds // 5) + 1):
            found = self.watching.look(seconds=self.seconds, at=START + timedelta(seconds=self.seconds))
            told += [found] if found is not None else []
            self.seconds += 5
        self.told += told
        return told

    def take(self, run_id: str = "run-1") -> list[int]:
        return [each.id for each in self.arrivals.take(run_id, at=START + timedelta(seconds=self.seconds))]


@pytest.fixture
def triggerer(tmp_path: Path) -> Triggerer:
    (tmp_path / "a.csv").write_text("x\n1\n")
    made = Triggerer(tmp_path)
    assert made.go_on(60) == [], "what is there at first starts nothing"
    return made


def test_a_change_is_told_once_when_it_has_settled(triggerer: Triggerer) -> None:
    (triggerer.path / "b.csv").write_text("x\n1\n")
    assert triggerer.go_on(0) == triggerer.go_on(0) == []
    [arrival] = triggerer.go_on(5)
    assert arrival.changed == (str(triggerer.path / "b.csv"),)
    assert [each.id for each in triggerer.go_on(400)] == [arrival.id], "nobody took it: told once more"
    triggerer.take()
    assert triggerer.go_on(3600) == []


def test_ten_writes_in_a_burst_are_one_arrival(triggerer: Triggerer) -> None:
    for number in range(10):
        (triggerer.path / f"{number}.csv").write_text("x\n1\n")
        assert triggerer.go_on(0) == []
    assert len(triggerer.go_on(60)) == 1
    assert len(triggerer.take()) == 1


def test_a_file_that_grows_is_waited_for_and_a_half_written_one_too(triggerer: Triggerer) -> None:
    growing = triggerer.path / "big.csv"
    for number in range(30):
        growing.write_text("x\n" * number + "1\n")
        assert triggerer.go_on(0) == []
    half = triggerer.path / "half.parquet"
    half.write_bytes(b"PAR1" + b"\0" * 100)
    assert triggerer.go_on(1000) == []
    half.write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
    [arrival] = triggerer.go_on(30)
    assert arrival.changed == (str(growing), str(half))


def test_a_removal_starts_nothing_also_while_the_triggerer_was_down(triggerer: Triggerer) -> None:
    (triggerer.path / "b.csv").write_text("x\n1\n")
    triggerer.go_on(30)
    triggerer.take()
    (triggerer.path / "a.csv").unlink()
    assert triggerer.go_on(60) == []
    triggerer.restart(down=100)
    assert triggerer.go_on(60) == []
    (triggerer.path / "b.csv").unlink()
    assert triggerer.go_on(60) == []
    (triggerer.path / "c.csv").write_text("x\n2\n")
    triggerer.restart(down=100)
    assert len(triggerer.go_on(60)) == 1


def test_what_changed_while_the_triggerer_was_down_is_told_and_what_did_not_is_not(triggerer: Triggerer) -> None:
    triggerer.restart(down=1000)
    assert triggerer.go_on(60) == []
    (triggerer.path / "a.csv").write_text("x\n1\n2\n")
    triggerer.restart(down=1000)
    assert len(triggerer.go_on(60)) == 1
    triggerer.take()
    triggerer.restart(down=1000)
    assert triggerer.go_on(3600) == []


def test_whoever_dies_after_writing_down_and_before_telling_is_told_of_by_the_next(triggerer: Triggerer) -> None:
    (triggerer.path / "b.csv").write_text("x\n1\n")
    [untold] = triggerer.go_on(15)
    triggerer.restart()
    assert [each.id for each in triggerer.go_on(0)] == [untold.id]
    assert triggerer.take() == [untold.id]
    triggerer.restart()
    assert triggerer.go_on(3600) == []


def test_an_event_that_was_lost_is_told_again_until_a_run_takes_it(triggerer: Triggerer) -> None:
    (triggerer.path / "b.csv").write_text("x\n1\n")
    told = triggerer.go_on(15 + 3 * REMIND_SECONDS + 20)
    assert [each.id for each in told] == [told[0].id] * 4
    triggerer.take()
    assert triggerer.go_on(3 * REMIND_SECONDS) == []


def test_within_the_cooldown_arrivals_wait_and_are_one(tmp_path: Path) -> None:
    triggerer = Triggerer(tmp_path, cooldown=1800)
    triggerer.go_on()
    (tmp_path / "a.csv").write_text("x\n1\n")
    assert len(triggerer.go_on(15)) == 1
    triggerer.take()
    for number in range(5):
        (tmp_path / f"b{number}.csv").write_text("x\n1\n")
        assert triggerer.go_on(200) == []
    triggerer.restart(down=60)
    assert triggerer.go_on(300) == []
    [arrival] = triggerer.go_on(600)
    assert arrival.changed is not None
    assert len(arrival.changed) == 5


def test_a_file_put_back_as_it_was_is_no_arrival_and_one_changed_there_and_back_is_two(triggerer: Triggerer) -> None:
    file = triggerer.path / "a.csv"
    before, times = file.read_text(), file.stat().st_mtime_ns
    aside = file.rename(triggerer.path / "a.old")
    triggerer.go_on(60)
    aside.rename(file)
    assert triggerer.go_on(60) == []
    file.write_text("other\n")
    assert len(triggerer.go_on(30)) == 1
    triggerer.take()
    file.write_text(before)
    os.utime(file, ns=(times, times))
    assert len(triggerer.go_on(30)) == 1


def test_results_that_are_there_already_are_an_arrival_but_the_same_content_again_is_none(tmp_path: Path) -> None:
    suite = tmp_path / "suite.xml"
    suite.write_text("<testsuite/>")
    triggerer = Triggerer(suite, kind=ArrivalKind.RESULTS)
    assert len(triggerer.go_on(30)) == 1
    triggerer.take()
    os.utime(suite, ns=(1, 1))
    assert triggerer.go_on(60) == []
    triggerer.restart(down=60)
    assert triggerer.go_on(60) == []


def test_two_triggerers_tell_of_one_arrival(triggerer: Triggerer) -> None:
    other = Triggerer(triggerer.path, arrivals=triggerer.arrivals, seconds=triggerer.seconds)
    other.go_on()
    (triggerer.path / "b.csv").write_text("x\n1\n")
    ids = {each.id for _ in range(20) for one in (triggerer, other) for each in one.go_on()}
    assert len(ids) == 1
    assert triggerer.take() == list(ids)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.sampled_from(["write", "settle", "look", "restart", "take", "rewrite"]), max_size=25))
def test_nothing_is_missed_and_nothing_taken_twice_whatever_happens_in_between(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("watched")
    triggerer = Triggerer(folder)
    triggerer.go_on()
    written, taken = 0, list[int]()
    for number, step in enumerate(steps):
        if step == "write":
            written += 1
            (folder / f"{written}.csv").write_text(f"x\n{number}\n")
        elif step == "rewrite" and written:
            (folder / f"{written}.csv").write_text("x\n" * (number + 2))
        elif step == "restart":
            triggerer.restart(down=30)
        elif step == "take":
            taken += triggerer.take(f"run-{number}")
        triggerer.go_on({"settle": 20, "look": 0}.get(step, -5))
    triggerer.restart()
    triggerer.go_on(30)
    taken += triggerer.take("last")
    assert len(taken) == len(set(taken))
    last = triggerer.arrivals.last(triggerer.watching.place.key)
    assert last is not None
    assert dict(last.files or {}) == dict(triggerer.watching._looker.look().files), "the last state is on record"
    assert bool(taken) == bool(written), "what was written was taken"
