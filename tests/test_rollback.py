from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from include.errors import ArtifactError, ClaimLost, RollbackRefused
from include.records.entries import ChangeKind, Run, Version
from include.workflow.publication import publish_files
from include.workflow.rollback import change_in_run, roll_back, roll_back_in_run
from include.workflow.run_parameters import version_number
from tests.forced import force_promotion
from tests.stage import REFERENCE_DAYS, Stage, day, sales

FIRST, LATER = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 12)
RUN = Run(run_id="back", as_of=LATER, requested_by="ada", reason="complaints")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with one model and two promotions: v2 is champion, v1 retired."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(60), training={"estimator": "linear"})
    stage.run("sales", FIRST)
    force_promotion(stage.deployment, "sales", LATER, shuffled=False)
    return stage


def champion(stage: Stage) -> Version:
    found = stage.store.champion("sales")
    assert found is not None
    return found


def test_default_is_the_version_before_and_the_files_follow(stage: Stage) -> None:
    change = roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")
    assert (change.kind, change.from_version, change.to_version) == (ChangeKind.ROLLBACK, 2, 1)
    assert champion(stage).version == 1
    root = stage.deployment.artifacts.root
    assert root / "sales" / str(stage.deployment.artifacts.published("sales")) == root / champion(stage).artifact_path


@pytest.mark.parametrize("file", ["gone", "broken", "folder gone"])
def test_model_file_that_cannot_be_read_keeps_nobody_from_rolling_back(stage: Stage, file: str) -> None:
    deployment = stage.deployment
    if file == "broken":
        (stage.models / "sales.yaml").write_text("task: [regression")
    elif file == "gone":
        (stage.models / "sales.yaml").unlink()
    else:
        stage.models.rename(stage.root / "elsewhere")
    assert roll_back(deployment, "sales", requested_by="ada", reason="complaints").to_version == 1


def test_former_champion_whose_files_are_gone_is_told_without_a_way_out_of_champions(stage: Stage) -> None:
    for folder in (stage.root / "made" / "sales").glob("v1-*"):
        shutil.rmtree(folder)
    with pytest.raises(ArtifactError, match=r"v1 cannot be loaded.*go on without that version"):
        roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")
    assert champion(stage).version == 2


def test_version_before_is_never_one_that_was_rolled_back(stage: Stage) -> None:
    roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")
    with pytest.raises(RollbackRefused, match="no version before v1"):
        roll_back(stage.deployment, "sales", requested_by="ada", reason="more complaints")
    force_promotion(stage.deployment, "sales", LATER + timedelta(days=1), shuffled=False)
    assert roll_back(stage.deployment, "sales", requested_by="ada", reason="again").to_version == 1
    restored = roll_back(stage.deployment, "sales", 2, requested_by="ada", reason="v2 was right after all")
    assert (restored.from_version, champion(stage).version) == (1, 2)


def test_same_key_is_the_same_rollback_however_often(stage: Stage) -> None:
    asked = [
        roll_back(stage.deployment, "sales", to, requested_by="ada", reason="r", key="k") for to in (None, None, 1)
    ]
    assert asked[0] == asked[1] == asked[2]
    assert champion(stage).version == 1


def test_key_of_a_rollback_to_another_version_is_refused(stage: Stage) -> None:
    roll_back(stage.deployment, "sales", 1, requested_by="ada", reason="r", key="k")
    with pytest.raises(RollbackRefused, match="key 'k' it was rolled back to v1 before, not to v2; give another key"):
        roll_back(stage.deployment, "sales", 2, requested_by="ada", reason="r", key="k")
    assert champion(stage).version == 1


def test_next_check_counts_the_restored_versions_reference_and_baseline_again(stage: Stage) -> None:
    before = stage.store.last_retrained_at("sales", until=day(999))
    roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")
    step = stage.run("sales", LATER + timedelta(days=2))
    assert step.analysis.champion_version == 1
    assert step.analysis.rows == 10 * 24  # the whole window: v1 has seen none of it
    assert not step.decision.triggered
    assert stage.store.last_retrained_at("sales", until=day(999)) == before


@pytest.mark.parametrize(
    ("to", "why"),
    [(2, "v2 is champion already; former champions: v1"), (7, "there is no version v7; former champions: v1"),
     (3, "v3 is (failed|held|rejected): it was never champion")],
)  # fmt: skip
def test_versions_that_cannot_be_champion_are_refused(stage: Stage, to: int, why: str) -> None:
    stage.run("sales", day(REFERENCE_DAYS + 22), force=True)  # held or rejected: nothing has changed
    with pytest.raises(RollbackRefused, match=why):
        roll_back(stage.deployment, "sales", to, requested_by="ada", reason="complaints")
    assert champion(stage).version == 2


def test_model_without_champion_has_no_way_back(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(40))
    with pytest.raises(RollbackRefused, match="no champion"):
        roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")


def test_artifact_that_is_gone_or_damaged_moves_no_pointer(stage: Stage) -> None:
    folder = stage.deployment.artifacts.root / stage.store.versions("sales")[0].artifact_path
    model = folder / "model.skops"
    content = model.read_bytes()
    model.write_bytes(content[:-1])
    with pytest.raises(ArtifactError, match="sha256"):
        roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")
    shutil.rmtree(folder)
    with pytest.raises(ArtifactError, match="cannot be read"):
        roll_back(stage.deployment, "sales", 1, requested_by="ada", reason="complaints")
    assert champion(stage).version == 2
    assert len(stage.store.champion_changes("sales")) == 2


def test_model_that_is_being_retrained_is_left_alone(stage: Stage) -> None:
    event = stage.store.events(model_name="sales")[0]
    with stage.store.claim(event.id, at=LATER), pytest.raises(ClaimLost):
        roll_back(stage.deployment, "sales", requested_by="ada", reason="complaints")
    assert champion(stage).version == 2


def test_run_that_is_asked_to_rolls_back_once(stage: Stage) -> None:
    first = roll_back_in_run(stage.deployment, "sales", RUN, "previous")
    assert first is not None
    assert (first.deployed_by, first.reason, first.run_id) == ("ada", "complaints", "back")
    assert roll_back_in_run(stage.deployment, "sales", RUN, "previous") == first
    assert change_in_run(stage.deployment, "sales", RUN) == first
    assert champion(stage).version == 1


def test_run_that_is_asked_for_nothing_and_a_dry_run_roll_nothing_back(stage: Stage) -> None:
    dry = Run(run_id="dry", as_of=LATER, dry_run=True)
    assert roll_back_in_run(stage.deployment, "sales", dry, "v1") is None
    assert roll_back_in_run(stage.deployment, "sales", RUN) is None
    assert change_in_run(stage.deployment, "sales", RUN) is None
    assert champion(stage).version == 2


def test_versions_are_read_as_people_write_them() -> None:
    assert [version_number(text) for text in ("previous", "v3", "12")] == [None, 3, 12]
    for text in ("", "v0", "3.0", "champion", "v-1"):
        with pytest.raises(RollbackRefused, match="write previous, or for example v3"):
            version_number(text)


def test_process_that_died_before_the_files_followed_is_repaired(stage: Stage) -> None:
    artifacts = stage.deployment.artifacts
    publish_files(stage.store, artifacts, "sales")
    stage.store.roll_back(
        "sales", from_version=2, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada", reason="r", at=LATER,
        key="died here",
    )  # fmt: skip
    assert str(artifacts.published("sales")).startswith("v2-")
    assert publish_files(stage.store, artifacts, "sales")
    assert str(artifacts.published("sales")).startswith("v1-")
    assert not publish_files(stage.store, artifacts, "sales")


def test_what_was_rolled_back_by_hand_is_not_trained_again_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(70, change=35), training={"estimator": "linear"}, probation={"checks": 0, "former": 0})
    stage.run("sales", FIRST)
    assert stage.run("sales", day(45)).event is not None
    assert champion(stage).version == 2
    stage.store.roll_back(
        "sales", from_version=2, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada", reason="harms customers",
        at=day(52.5), key="by hand",
    )  # fmt: skip
    held = stage.run("sales", day(52.75)).decision
    assert not held.triggered
    assert "cooling down until" in str(held.blocked_by)
    assert stage.run("sales", day(53), force=True, reason="I know better").decision.triggered
