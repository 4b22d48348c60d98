from __future__ import annotations

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from include.errors import ArtifactError, ConfigurationError, NothingToDo
from include.records.entries import ChampionChange, Noted, Run
from include.records.memory import MemoryStore
from include.retraining.artifacts.folder import CHAMPION_LINK, ArtifactFolder
from include.workflow.deployment import Deployment
from include.workflow.identity import OWNER_FILE, own
from include.workflow.publication import highest_number, publish, publish_files, tidy
from tests.records.examples import HOUR, NOW, make_outcome, open_event


def promote(store: MemoryStore, root: Path, number: int) -> str:
    """Promote a version whose folder holds its number in two files; return the folder's name."""
    name = f"v{number}-abc"
    (root / "housing" / name).mkdir(parents=True)
    for file in ("manifest.json", "model.skops"):
        (root / "housing" / name / file).write_text(json.dumps(number))
    event = open_event(store, f"run-{number}", at=NOW + number * HOUR)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(artifact_path=f"housing/{name}"), at=NOW + number * HOUR)
    return name


def published(store: MemoryStore, root: Path, run_id: str, *, dry_run: bool = False) -> ChampionChange | None:
    """What the step of a run that publishes returns."""
    deployment = Deployment(store=store, models_dir=root, data_dir=root, artifacts=ArtifactFolder(root))
    return publish(deployment, "housing", Run(run_id=run_id, as_of=NOW, dry_run=dry_run))


def test_link_follows_the_champion_and_repeating_changes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    assert not publish_files(store, ArtifactFolder(tmp_path), "housing")  # no champion, no link
    first = promote(store, tmp_path, 1)
    assert publish_files(store, ArtifactFolder(tmp_path), "housing")
    assert ArtifactFolder(tmp_path).published("housing") == first
    assert not publish_files(store, ArtifactFolder(tmp_path), "housing")
    second = promote(store, tmp_path, 2)
    assert publish_files(store, ArtifactFolder(tmp_path), "housing")
    assert ArtifactFolder(tmp_path).published("housing") == second
    assert (tmp_path / "housing" / CHAMPION_LINK / "model.skops").read_text() == "2"
    assert sorted(path.name for path in (tmp_path / "housing").iterdir()) == [CHAMPION_LINK, first, second]


def test_reader_sees_one_version_or_the_other_while_they_change_all_the_time(tmp_path: Path) -> None:
    store, stop, seen, torn = MemoryStore(), threading.Event(), set(), []
    promote(store, tmp_path, 1)
    publish_files(store, ArtifactFolder(tmp_path), "housing")

    def read() -> None:
        while not stop.is_set():
            folder = (tmp_path / "housing" / CHAMPION_LINK).resolve(strict=True)
            found = {(folder / file).read_text() for file in ("manifest.json", "model.skops")}
            seen.update(found)
            if len(found) != 1:
                torn.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(2, 40):
        promote(store, tmp_path, number)
        publish_files(store, ArtifactFolder(tmp_path), "housing")
    stop.set()
    reader.join()
    assert torn == []
    assert len(seen) > 1


def test_champion_whose_files_are_not_here_leaves_the_link_and_says_so(tmp_path: Path) -> None:
    store = MemoryStore()
    first = promote(store, tmp_path, 1)
    publish_files(store, ArtifactFolder(tmp_path), "housing")
    second = promote(store, tmp_path, 2)
    (tmp_path / "housing" / second).rename(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match="files are not here"):
        publish_files(store, ArtifactFolder(tmp_path), "housing")
    assert ArtifactFolder(tmp_path).published("housing") == first


def test_many_that_publish_at_once_leave_the_champion_and_nothing_else(tmp_path: Path) -> None:
    store = MemoryStore()
    for number in range(1, 8):
        name, start = promote(store, tmp_path, number), threading.Barrier(4)

        def follow(_: int, start: threading.Barrier = start) -> bool:
            start.wait()
            return publish_files(store, ArtifactFolder(tmp_path), "housing")

        with ThreadPoolExecutor(4) as pool:
            assert any(pool.map(follow, range(4)))
        assert ArtifactFolder(tmp_path).published("housing") == name
    assert [path.name for path in (tmp_path / "housing").glob(".*")] == []


def test_folder_in_the_place_of_the_link_is_not_deleted(tmp_path: Path) -> None:
    store = MemoryStore()
    promote(store, tmp_path, 1)
    mine = tmp_path / "housing" / CHAMPION_LINK / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("not yours")
    with pytest.raises(ArtifactError, match="no symbolic link"):
        publish_files(store, ArtifactFolder(tmp_path), "housing")
    assert mine.read_text() == "not yours"


def test_change_from_outside_a_run_is_told_by_the_next_run_and_once(tmp_path: Path) -> None:
    store = MemoryStore()
    assert published(store, tmp_path, "run-0") is None
    promote(store, tmp_path, 1)
    told = published(store, tmp_path, "run-1")
    assert told is not None
    assert told.to_version == 1
    assert published(store, tmp_path, "run-1") == told  # the task is repeated
    assert published(store, tmp_path, "run-2") is None
    promote(store, tmp_path, 2)
    later = published(store, tmp_path, "run-3")
    assert later is not None
    assert later.deployed_at == NOW + timedelta(hours=2)


def test_dry_run_says_that_it_has_nothing_to_do_and_publishes_nothing(tmp_path: Path) -> None:
    store = MemoryStore()
    promote(store, tmp_path, 1)
    with pytest.raises(NothingToDo, match="model housing: a dry run"):
        published(store, tmp_path, "run-1", dry_run=True)
    assert ArtifactFolder(tmp_path).published("housing") is None
    assert published(store, tmp_path, "run-2") is not None


def test_artifacts_of_other_records_are_left_alone(tmp_path: Path) -> None:
    ours, others, folder = MemoryStore(), MemoryStore(), ArtifactFolder(tmp_path)
    first = promote(ours, tmp_path, 1)
    published(ours, tmp_path, "run-1")
    event = open_event(others, "run-1", at=NOW)
    with others.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(artifact_path="housing/v1-theirs"), at=NOW)
    (tmp_path / "housing" / "v1-theirs").mkdir()
    with pytest.raises(ConfigurationError, match=f"belong to the records {ours.identity()}.*remove that file"):
        published(others, tmp_path, "run-1")
    assert folder.published("housing") == first
    (tmp_path / OWNER_FILE).unlink()
    published(others, tmp_path, "run-1")
    assert folder.published("housing") == "v1-theirs"
    with pytest.raises(ConfigurationError, match=others.identity()):
        publish_files(ours, folder, "housing")


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"null", b"not json", b"\xff\xfe", b"[" * 99_999])
def test_owner_that_cannot_be_read_is_no_owner(tmp_path: Path, text: bytes) -> None:
    (tmp_path / OWNER_FILE).write_bytes(text)
    with pytest.raises(ArtifactError, match=r"records\.json: does not say whose"):
        own(MemoryStore(), ArtifactFolder(tmp_path))
    assert (tmp_path / OWNER_FILE).read_bytes() == text


def test_remains_of_settled_versions_are_removed_and_nothing_else(tmp_path: Path) -> None:
    store = MemoryStore()
    first = promote(store, tmp_path, 1)
    publish_files(store, ArtifactFolder(tmp_path), "housing")
    event = open_event(store, "run-2")
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)  # version 2 is being trained
        remains = ("v1-0f00ba4e7111", ".saving-v1-abc")
        others = ("v2-5a7ed0000000", ".saving-v2-abc", "v7-000000000000", "notes", "reports", f"{first}.bak",
                  f"{first} (copy)", "v1-backup", "v1", "v20251231-before-upgrade")  # fmt: skip
        for name in remains + others:
            (tmp_path / "housing" / name).mkdir()
        (tmp_path / "housing" / ".publishing-v0-dead").symlink_to("v0-dead")
        removed = set(tidy(store, ArtifactFolder(tmp_path), "housing"))
    assert removed == {*remains, ".publishing-v0-dead"}
    assert {path.name for path in (tmp_path / "housing").iterdir()} == {CHAMPION_LINK, first, *others}
    (tmp_path / "housing" / CHAMPION_LINK / "model.skops").read_text()
    assert highest_number(ArtifactFolder(tmp_path), "housing") == 7


@pytest.mark.parametrize("where", ["", "reports"])
def test_text_that_a_dead_process_had_begun_is_removed_when_nobody_can_be_at_work_on_it(
    tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, folder = MemoryStore(), ArtifactFolder(tmp_path)
    promote(store, tmp_path, 1)
    publish_files(store, folder, "housing")
    place = str(Path("housing", where))
    with monkeypatch.context() as dying:
        dying.setattr("pathlib.Path.replace", lambda *_: os._exit(9))
        if (child := os.fork()) == 0:
            folder.write(place, {"audit.json": "{}"})
    os.waitpid(child, 0)
    [draft] = (tmp_path / place).glob(".*")
    assert tidy(store, folder, "housing") == []  # somebody may be writing it
    os.utime(draft, (0, 0))
    assert tidy(store, folder, "housing") == [draft.name]
    assert not draft.exists()


def test_link_of_a_version_that_is_no_champion_any_more_does_not_stay_begun(tmp_path: Path) -> None:
    store, folder = MemoryStore(), ArtifactFolder(tmp_path)
    first, second = promote(store, tmp_path, 1), promote(store, tmp_path, 2)
    (tmp_path / "housing" / f".publishing-{first}").symlink_to(first)
    publish_files(store, folder, "housing")
    assert tidy(store, folder, "housing") == [f".publishing-{first}"]
    assert folder.published("housing") == second


@pytest.mark.parametrize("said", [Noted.ADOPTED, Noted.NEW, Noted.WRITTEN])
def test_dump_made_during_a_retrain_keeps_the_champion_that_came_of_it(tmp_path: Path, said: Noted) -> None:
    store, folder = MemoryStore(), ArtifactFolder(tmp_path)
    promote(store, tmp_path, 1)
    event = open_event(store, "run-2")
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW + 2 * HOUR)
    (tmp_path / "housing" / "v2-1a7e20000000").mkdir()
    (tmp_path / "housing" / ".publishing-v0-dead").symlink_to("v0-dead")
    store.home.note(said, "ada", at=NOW + 3 * HOUR)
    store.close_failed(event.id, at=NOW + 4 * HOUR, error_type="Killed", error="")
    remains = {".publishing-v0-dead"} | ({"v2-1a7e20000000"} if said is Noted.WRITTEN else set())
    assert set(tidy(store, folder, "housing")) == remains


def test_link_that_a_dead_process_had_begun_is_put_into_place(tmp_path: Path) -> None:
    store = MemoryStore()
    first = promote(store, tmp_path, 1)
    (tmp_path / "housing" / f".publishing-{first}").symlink_to(first)
    assert publish_files(store, ArtifactFolder(tmp_path), "housing")
    assert sorted(path.name for path in (tmp_path / "housing").iterdir()) == [CHAMPION_LINK, first]
