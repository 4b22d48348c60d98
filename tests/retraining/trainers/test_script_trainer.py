from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.errors import ArtifactError, TrainingError
from include.registry.training import Script
from include.retraining.artifacts import ArtifactFolder
from include.retraining.prepare import Columns
from include.retraining.trainers.command_model import CommandClassifier
from include.retraining.trainers.scratch import scratch_folder
from include.retraining.trainers.script_files import left_by, read_predictions, written_files
from include.retraining.trainers.script_trainer import ScriptTrainer
from include.retraining.trainers.trainer import Start, class_probabilities, reported_metrics
from include.scoring import Task
from include.workflow.settings import PROJECT_ROOT
from tests.sweeps import first_of
from tests.unprivileged import as_nobody, open_folder
from tests.waiting import wait_until

SCRIPTS = Path(__file__).parent / "scripts"
COLUMNS = Columns(features=("x", "c"), categorical=("c",))
NUMBERS = Columns(features=("x",), categorical=())


def rows(count: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    x, c = rng.normal(size=count), rng.choice(["a", "b"], count)
    features = pd.DataFrame({"x": x, "c": c.astype(object)})
    return features.assign(c=features["c"].where(features.index % 9 != 0, None)), 3.0 * x + 2.0 * (c == "a")


def command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(SCRIPTS / f"{name}.py"), *arguments]


def trainer_of(script: dict[str, Any], task: Task = Task.REGRESSION, **fields: Any) -> ScriptTrainer:
    return ScriptTrainer(model_name="shop", task=task, target="y", script=Script.model_validate(script), **fields)


def misbehaving(how: str, *arguments: object, opaque: bool = False, **limits: object) -> ScriptTrainer:
    extra = {"predict_command": ["never run"]} if opaque else {}
    return trainer_of({"command": command("misbehave", how, *map(str, arguments)), **extra, **limits})


def fit(trainer: ScriptTrainer) -> Any:
    return trainer.fit(*rows(), COLUMNS)


def numbers() -> tuple[pd.DataFrame, np.ndarray]:
    features, target = rows()
    return features[["x"]], target


LEAST_SQUARES = {"command": command("least_squares"), "predict_command": command("least_squares")}


def marked(mark: str) -> list[psutil.Process]:
    """Processes with that word in their command line, this one excepted."""
    found = []
    for process in psutil.process_iter(["cmdline", "pid"]):
        words = " ".join(process.info["cmdline"] or ())
        if mark in words and process.pid != os.getpid():
            found.append(process)
    return found


@pytest.fixture(scope="module")
def made() -> Any:
    """A model that only the script's command can read."""
    return fit(trainer_of(LEAST_SQUARES, hyperparameters={"penalty": 0.001}))


def test_files_of_a_script_are_stored_and_its_command_predicts_from_them(tmp_path: Path, made: Any) -> None:
    features, target = rows()
    assert np.abs(made.predict(features) - target)[features["c"].notna()].max() < 0.5
    assert reported_metrics(made).keys() == {"training_rmse"}
    folder = ArtifactFolder(tmp_path)
    path, sha256 = folder.save("shop", 1, made, COLUMNS)
    stored = folder.load(path, sha256)
    assert np.array_equal(stored.predictor.predict(features), made.predict(features))
    assert stored.columns == COLUMNS
    moved = Script.model_validate({**LEAST_SQUARES, "predict_command": ["/gone/away"]})
    with pytest.raises(TrainingError, match="/gone/away: no such program"):
        folder.load(path, sha256, moved).predictor.predict(features)


@pytest.mark.sweep
def test_hyperparameters_reach_the_script(made: Any) -> None:
    features, _ = rows()
    flat = fit(trainer_of(LEAST_SQUARES, hyperparameters={"penalty": 1e9}))
    assert np.ptp(flat.predict(features)) < 0.01 < np.ptp(made.predict(features))


def test_damaged_file_of_a_version_is_refused(tmp_path: Path, made: Any) -> None:
    folder = ArtifactFolder(tmp_path)
    path, sha256 = folder.save("shop", 1, made, COLUMNS)
    (tmp_path / path / "files" / "model.json").write_text("{}")
    with pytest.raises(ArtifactError, match=r"model\.json: sha256"):
        folder.load(path, sha256)


@pytest.mark.parametrize("task", first_of(Task, 1))
def test_skops_file_of_a_script_is_a_model_in_this_process(tmp_path: Path, task: Task) -> None:
    trainer = trainer_of({"command": command("sklearn_script")}, task, hyperparameters={"n_estimators": 3})
    features, target = numbers()
    labels = target if task is Task.REGRESSION else np.where(target > 0, "yes", "no")
    made = trainer.fit(features, labels, NUMBERS)
    assert reported_metrics(made) == {"rows": 200.0}
    folder = ArtifactFolder(tmp_path)
    stored = folder.load(*folder.save("shop", 1, made, NUMBERS)).predictor
    assert np.array_equal(stored.predict(features), made.predict(features))


@pytest.mark.sweep
def test_script_goes_on_from_a_copy_of_the_champion(tmp_path: Path) -> None:
    trainer = trainer_of({"command": command("sklearn_script")})
    features, target = numbers()
    folder = ArtifactFolder(tmp_path)
    path, sha256 = folder.save("shop", 1, trainer.fit(features, target, NUMBERS), NUMBERS)
    stored = folder.load(path, sha256)
    start = Start(predictor=stored.predictor, folder=stored.folder)
    doubled = trainer.fit(features, target, NUMBERS, start)
    slope = np.polyfit(stored.predictor.predict(features), doubled.predict(features), 1)[0]
    assert slope == pytest.approx(2.0, abs=0.2)
    folder.load(path, sha256)  # the script overwrote its copy only


@pytest.mark.sweep
def test_probabilities_of_a_script_are_used(tmp_path: Path) -> None:
    trainer = trainer_of(
        {"command": command("most_frequent"), "predict_command": command("most_frequent")}, Task.CLASSIFICATION
    )
    features, target = rows()
    made = trainer.fit(features, np.where(target > 1.0, "high", "low"), COLUMNS)
    folder = ArtifactFolder(tmp_path)
    stored = folder.load(*folder.save("shop", 1, made, COLUMNS)).predictor
    assert isinstance(stored, CommandClassifier)
    probabilities, classes = class_probabilities(stored, features) or (None, ())
    assert classes == ("high", "low")
    assert probabilities is not None
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(features)))
    assert set(stored.predict(features)) <= {"high", "low"}


def test_script_that_hangs_is_stopped_with_every_process_it_started() -> None:
    mark = f"hanging-{os.getpid()}"
    began = time.monotonic()
    with pytest.raises(TrainingError, match=r"stopped: longer than 1 s \(training.script.timeout\)"):
        fit(misbehaving("hang", mark, timeout=timedelta(seconds=1)))
    assert time.monotonic() - began < 120  # it would sleep for 600
    assert marked(mark) == []


def test_script_that_prints_a_gigabyte_is_stopped_and_its_output_is_not_kept() -> None:
    before = psutil.Process().memory_info().rss
    with pytest.raises(TrainingError, match=r"more than 16 MiB of output") as caught:
        fit(misbehaving("flood", "-"))
    assert len(str(caught.value)) < 6000
    assert psutil.Process().memory_info().rss - before < 100 * 2**20


def test_exit_code_and_last_words_are_in_the_error() -> None:
    with pytest.raises(TrainingError, match=r"(?s)exit code 3 after .*reading rows.*no such table: sales"):
        fit(misbehaving("fail", "-"))


def test_signal_is_named() -> None:
    with pytest.raises(TrainingError, match="ended by SIGSEGV"):
        fit(misbehaving("crash", "-"))


def test_memory_and_disk_are_limited_without_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.retraining.trainers.process.GRACE_SECONDS", 300.0)
    began = time.monotonic()
    with pytest.raises(TrainingError, match=r"more than 150 MiB of memory \(training.script.memory_mib\)"):
        fit(misbehaving("eat_memory", "-", memory_mib=150))
    assert time.monotonic() - began < 120
    with pytest.raises(TrainingError, match=r"more files than training\.script\.disk_mib allows"):
        fit(misbehaving("fill_the_disk", "-", disk_mib=100))
    with pytest.raises(TrainingError, match=r"more files than training\.script\.disk_mib allows"):
        fit(misbehaving("fill_the_disk_at_once", "-", disk_mib=100, opaque=True))


@pytest.mark.parametrize(
    ("how", "reason"),
    [("write_no_model", "wrote no model into the output folder"), ("write_nothing", r"wrote no result\.json"),
     ("write_a_bad_result", r"metrics\.rmse: .*valid number"), ("write_a_link", "no regular file: refused"),
     ("write_a_pipe", "no regular file: refused"), ("write_no_folder", "wrote no model into the output folder"),
     ("write_through_a_link", "output folder was replaced by something else: refused"),
     ("write_a_file_for_a_folder", "output folder was replaced by something else: refused"),
     ("write_too_deep", r"what it left cannot be read: .*less deep"),
     ("write_half_a_zip", r"model\.bin cannot be looked into: "),
     ("write_a_locked_zip", r"model\.zip cannot be looked into: .* encrypted.*without a password")],
)  # fmt: skip
def test_what_a_script_leaves_is_checked(how: str, reason: str) -> None:
    with pytest.raises(TrainingError, match=reason):
        fit(misbehaving(how, "-", opaque=True))


def names_in(folder: Path, *columns: pa.Array) -> list[str]:
    """The classes of two rows, as a predict command has written them."""
    table = pa.Table.from_arrays(list(columns), names=["prediction"] * len(columns))
    pq.write_table(table, folder / "predictions.parquet")
    return list(read_predictions(folder / "predictions.parquet", 2, Task.CLASSIFICATION, "predict"))


@pytest.mark.parametrize(
    ("values", "names"),
    [
        (pa.array([b"yes", b"no"]), ["yes", "no"]), (pa.array([b"yes", b"no"], pa.large_binary()), ["yes", "no"]),
        (pa.array(["yes", "no"]).dictionary_encode(), ["yes", "no"]), (pa.array([1.0, 0.0]), ["1.0", "0.0"]),
        (pa.array([True, False]), ["True", "False"]),
    ],
)  # fmt: skip
def test_classes_are_names_in_whatever_type_they_are_written(
    tmp_path: Path, values: pa.Array, names: list[str]
) -> None:
    assert names_in(tmp_path, values) == names


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ([pa.array([["a"], ["b"]])], "are no names of classes; write text"),
        ([pa.array([{"a": 1}, {"a": 2}])], "are no names of classes; write text"),
        ([pa.array([0, 1], pa.timestamp("s"))], "are no names of classes; write text"),
        ([pa.array([b"\xff", b"a"])], "no names of classes: .*UTF8"),
        ([pa.array([1.0, float("nan")])], "not all values are finite"),
        ([pa.array(["a", None])], "1 values of 'prediction' are missing"),
        ([pa.array(["a", "b"])] * 2, "has 2 columns 'prediction'"), ([], "has no column 'prediction'"),
        ([pa.array(["a"])], "has 1 rows, 2 were wanted"),
    ],
)  # fmt: skip
def test_classes_that_are_no_names_are_refused(tmp_path: Path, columns: list[pa.Array], reason: str) -> None:
    with pytest.raises(TrainingError, match=reason):
        names_in(tmp_path, *columns)


@pytest.mark.parametrize("locked", ["inner", "inner/model.json"])
def test_what_a_script_has_locked_is_told_and_not_left_out(locked: str) -> None:
    with open_folder() as folder, as_nobody():
        (folder / "output" / "inner").mkdir(parents=True)
        for name in ("model.json", "inner/model.json"):
            (folder / "output" / name).write_text("{}")
        (folder / "output" / locked).chmod(0)
        with pytest.raises(TrainingError, match=r"train: .*Permission denied"), left_by("train"):
            written_files(folder / "output", "train")


@pytest.mark.parametrize(
    ("how", "reason"),
    [("write_another_version", r"from version 1\.0\.0 when using version .*; install the same version, or give"),
     ("write_a_list", r"model\.skops holds a list, which has no predict")],
)  # fmt: skip
def test_skops_file_that_cannot_be_used_is_refused(how: str, reason: str) -> None:
    with pytest.raises(TrainingError, match=f"(?s){reason}"):
        fit(misbehaving(how, "-"))


@pytest.mark.parametrize(("opaque", "name"), [(False, "model.skops"), (False, "model.pkl"), (True, "weights.bin")])
def test_pickle_with_a_payload_is_refused_and_not_run(tmp_path: Path, opaque: bool, name: str) -> None:
    with pytest.raises(TrainingError, match=f"{name} looks like a pickle.*not opened"):
        fit(misbehaving("write_a_pickle", name, tmp_path / "ran", opaque=opaque))
    assert not (tmp_path / "ran").exists()


def test_process_that_left_the_group_does_not_outlive_the_script() -> None:
    mark = f"daemon-{os.getpid()}"
    with pytest.raises(TrainingError, match="exit code 3"):
        fit(misbehaving("leave_a_daemon", mark))
    assert marked(mark) == []


def test_script_and_its_files_go_with_the_process_that_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = f"orphan-{os.getpid()}"
    program = (
        "from tests.retraining.trainers.test_script_trainer import fit, misbehaving\n"
        f"fit(misbehaving('hang', '{mark}'))\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT_ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    try:
        wait_until(lambda: len(marked(f"mark = '{mark}'")) == 2)
        assert list(tmp_path.glob("retraining-*/rows.parquet"))
    finally:
        running.kill()
        running.wait()
    wait_until(lambda: not marked(mark))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch_folder():  # where its supervisors were ended, too, the next script removes what they could not
        pass
    assert not list(tmp_path.iterdir())


def test_command_is_killed_when_its_supervisor_is() -> None:
    mark, errors = f"alone-{os.getpid()}", []

    def train() -> None:
        try:
            fit(misbehaving("sleep", mark))
        except TrainingError as error:
            errors.append(str(error))

    thread = threading.Thread(target=train)
    thread.start()
    wait_until(lambda: any("supervise.py" not in " ".join(process.cmdline()) for process in marked(mark)))
    next(process for process in marked(mark) if "supervise.py" in " ".join(process.cmdline())).kill()
    thread.join(30.0)
    assert "ended by SIGKILL" in errors[0]
    wait_until(lambda: not marked(mark))


def test_rows_that_are_handed_over_do_not_count_as_written() -> None:
    rng = np.random.default_rng(0)
    features = pd.DataFrame({"x": rng.normal(size=300_000)})  # more than 2 MiB
    trainer = trainer_of({**LEAST_SQUARES, "disk_mib": 1})
    columns = Columns(features=("x",), categorical=())
    made = trainer.fit(features, features["x"].to_numpy(), columns)
    assert made.predict(features.iloc[:5]) == pytest.approx(features["x"].to_numpy()[:5], abs=1e-3)


def test_secrets_of_the_environment_are_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW_CONN_RETRAINING_DB", "DB_PASSWORD", "RETRAINING_DATA_DIR", "AWS_SECRET_ACCESS_KEY", "SHOP"):
        monkeypatch.setenv(name, "secret")
    with pytest.raises(TrainingError) as caught:
        fit(misbehaving("say_what_is_known", "-", environment=["SHOP"]))
    known = json.loads(str(caught.value).partition("stdout:\n")[2])["environment"]
    assert {name for name, value in known.items() if value == "secret"} == {"SHOP"}
    assert known["PATH"] == os.environ["PATH"]
    with pytest.raises(TrainingError, match=r"field training\.script\.environment: NOT_SET is not set .*; set it"):
        fit(misbehaving("fail", "-", environment=["NOT_SET"]))


def test_program_and_folder_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no-such-program: no such program"):
        fit(trainer_of({"command": ["no-such-program"]}))
    with pytest.raises(TrainingError, match=r"training\.script\.folder: .*gone is not a folder"):
        fit(trainer_of({"command": command("least_squares"), "folder": tmp_path / "gone"}))
    with pytest.raises(TrainingError, match=f'"folder": "{tmp_path}"'):
        fit(misbehaving("say_what_is_known", "-", folder=tmp_path))
