from __future__ import annotations

import functools
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io as sio

from include.data.profile import profile_table
from include.errors import ArtifactError, SourceUnavailable
from include.registry.training import Script
from include.retraining.artifacts.folder import MANIFEST_FILE, ArtifactFolder
from include.retraining.prepare import Columns, feature_table
from include.retraining.trainers.command_model import CommandModel
from include.retraining.trainers.kept_files import MODEL_FILE
from include.retraining.trainers.sklearn_trainer import ESTIMATORS, SklearnTrainer
from include.scoring import Task
from include.workflow.settings import PROJECT_ROOT
from tests.unprivileged import as_nobody, open_folder

TABLES = {"numbers": ["x", "z"], "categories": ["c", "flag"], "both": ["x", "c", "z", "many"]}


def table(rows: int = 300) -> pd.DataFrame:
    """Numbers and categories with gaps, one of them with more categories than an encoder keeps."""
    rng = np.random.default_rng(0)
    made = pd.DataFrame({
        "x": rng.normal(size=rows), "z": rng.uniform(size=rows), "c": rng.choice(["a", "b", "d"], rows),
        "flag": rng.random(rows) < 0.5, "many": [f"m{number}" for number in range(rows)],
    })  # fmt: skip
    return made.assign(x=made["x"].where(made.index % 7 != 0), c=made["c"].where(made.index % 5 != 0))


def stored(folder: Path, content: bytes, manifest: str | None = None) -> None:
    """Put a model file on disk and load it with the right hash on record."""
    place = folder / "model" / "v1"
    place.mkdir(parents=True)
    (place / MODEL_FILE).write_bytes(content)
    right = {"features": ["x"], "categorical": [], "sha256": hashlib.sha256(content).hexdigest()}
    text = json.dumps(right) if manifest is None else manifest
    (place / MANIFEST_FILE).write_text(text)
    ArtifactFolder(folder).load("model/v1", hashlib.sha256(text.encode()).hexdigest())


def small() -> tuple[object, Columns]:
    columns = Columns(features=("x",), categorical=())
    trainer = SklearnTrainer(task=Task.REGRESSION, hyperparameters={"max_iter": 2})
    return trainer.fit(pd.DataFrame({"x": np.arange(50.0)}), np.arange(50.0), columns), columns


class Payload:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("names", TABLES.values(), ids=TABLES.keys())
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_loaded_model_predicts_what_the_trained_one_does(
    tmp_path: Path, estimator: str, names: list[str], task: Task
) -> None:
    rows = table()
    columns = Columns.of(profile_table(rows, names), names)
    features = feature_table(rows, columns)
    effect = rows[names[0]].map({"a": 1.0, "b": -1.0, "d": 0.5}) if names[0] == "c" else rows[names[0]]
    values = effect.fillna(0.0).to_numpy() + np.random.default_rng(1).normal(size=len(rows)) / 9
    target = values if task is Task.REGRESSION else np.where(values > 0, "yes", "no")
    trained = SklearnTrainer(task=task, estimator=estimator).fit(features, target, columns)
    unseen = features.assign(**dict.fromkeys(columns.categorical, "unseen")).iloc[:20]
    folder = ArtifactFolder(tmp_path)
    loaded = folder.load(*folder.save("model", 1, trained, columns))
    assert loaded.columns == columns
    for given in (features, unseen):
        assert np.array_equal(loaded.predictor.predict(given), trained.predict(given))


def test_saving_again_removes_nothing_that_may_be_the_champion_of_a_process_that_took_over(tmp_path: Path) -> None:
    folder = ArtifactFolder(tmp_path)
    first = folder.save("model", 1, *small())
    second = folder.save("model", 1, *small())
    folder.load(*first)
    folder.load(*second)


def test_saving_again_after_damage_is_a_whole_version(tmp_path: Path) -> None:
    folder, own = ArtifactFolder(tmp_path / "artifacts"), tmp_path / "own"
    own.mkdir()
    (own / "weights.txt").write_text("0.5")
    columns = Columns(features=("x",), categorical=())
    model = CommandModel(
        script=Script(command=["train"], predict_command=["predict"]), task=Task.REGRESSION, columns=columns,
        folder=own, files=("weights.txt",),
    )  # fmt: skip
    path, sha256 = folder.save("model", 1, model, columns)
    (folder.root / path / "files" / "weights.txt").write_text("half")
    assert folder.save("model", 1, model, columns) == (path, sha256)  # unlike skops files, the same each time
    folder.load(path, sha256)


def test_tampered_file_is_refused(tmp_path: Path) -> None:
    folder = ArtifactFolder(tmp_path)
    path, sha256 = folder.save("model", 1, *small())
    file = tmp_path / path / MODEL_FILE
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match=f"{MODEL_FILE}: sha256 is"):
        folder.load(path, sha256)


@pytest.mark.parametrize("name", [MODEL_FILE, MANIFEST_FILE])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = ArtifactFolder(tmp_path)
    path, sha256 = folder.save("model", 1, *small())
    (tmp_path / path / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        folder.load(path, sha256)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_pickle_is_refused_and_not_run(tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps(Payload(tmp_path / "ran"), protocol=protocol)
    with pytest.raises(ArtifactError, match=MODEL_FILE):
        stored(tmp_path, content)
    assert not (tmp_path / "ran").exists()


def test_foreign_type_is_refused_and_not_run(tmp_path: Path) -> None:
    content = sio.dumps(functools.partial(os.system, f"touch {tmp_path / 'ran'}"))
    with pytest.raises(ArtifactError, match=r"not allowed.*system"):
        stored(tmp_path, content)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 cut short", sio.dumps([1, 2])[:200]], ids=["empty", "zip", "half"]
)
def test_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ArtifactError, match=MODEL_FILE):
        stored(tmp_path, content)


@pytest.mark.parametrize("manifest", ["", "{}", "[]", "not JSON"])
def test_manifest_that_cannot_be_read_is_refused(tmp_path: Path, manifest: str) -> None:
    with pytest.raises(ArtifactError, match="v1"):
        stored(tmp_path, sio.dumps([1, 2]), manifest)


def test_crash_between_writing_and_renaming_leaves_no_visible_version(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from include.retraining.artifacts.folder import ArtifactFolder\n"
        "from tests.retraining.test_artifacts import small\n"
        "sys.addaudithook(lambda event, found: os._exit(9) if event == 'os.rename' else None)\n"
        "ArtifactFolder(Path(sys.argv[1])).save('model', 1, *small())\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=PROJECT_ROOT, check=False)
    assert ended.returncode == 9
    left = list((tmp_path / "model").iterdir())
    assert [path for path in left if not path.name.startswith(".saving-")] == []
    assert list(tmp_path.glob(f"model/.saving-*/version/{MODEL_FILE}")) != []  # it was written, but not published
    folder = ArtifactFolder(tmp_path)
    folder.load(*folder.save("model", 1, *small()))


def _no_folder(root: Path) -> None:
    (root / "made").write_text("a file")


def _locked(root: Path) -> None:
    root.chmod(0o555)


def _folder_in_the_way(root: Path) -> None:
    (root / "made" / "house" / "audit.json").mkdir(parents=True)
    (root / "made" / "house").chmod(0o755)


@pytest.mark.parametrize("harm", [_no_folder, _locked, _folder_in_the_way])
def test_what_the_disk_refuses_is_told_with_its_place_and_worth_another_try(harm: Callable[[Path], None]) -> None:
    predictor, columns = small()
    with open_folder() as root:
        artifacts = ArtifactFolder(root / "made")
        harm(root)
        with as_nobody():
            for act in (
                lambda: artifacts.save("house", 1, predictor, columns),
                lambda: artifacts.write("house", {"audit.json": "{}"}),
            ):
                with pytest.raises(SourceUnavailable, match=r"made/house.*cannot be written: .*; make room, let"):
                    act()


def test_copy_in_the_place_of_the_link_is_no_publication(tmp_path: Path) -> None:
    predictor, columns = small()
    artifacts = ArtifactFolder(tmp_path)
    path, sha256 = artifacts.save("house", 1, predictor, columns)
    shutil.copytree(tmp_path / path, tmp_path / "house" / "champion")
    for act in (lambda: artifacts.published("house"), lambda: artifacts.publish("house", path, sha256)):
        with pytest.raises(ArtifactError, match="is no symbolic link; move it away"):
            act()
    shutil.rmtree(tmp_path / "house" / "champion")
    artifacts.publish("house", path, sha256)
    assert artifacts.published("house") == Path(path).name
