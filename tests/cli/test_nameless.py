"""Users of whom the machine knows no name and no home folder: containers run as any number."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from include.errors import ConfigurationError
from include.interfaces.mlflow.settings import MlflowSettings
from include.registry.places import watched_places
from include.workflow.settings import Settings
from tests.cli.saying import Say
from tests.reading.conftest import House
from tests.stage import sales

REQUEST = ("request", "sales", "--reason", "new prices")


@pytest.fixture(autouse=True)
def nameless(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("USER", "LOGNAME", "LNAME", "USERNAME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.parametrize(
    ("name", "kept"),
    [(b"", f"uid {os.getuid()}"), (b"j\xfcrgen", "j?rgen"), (b"ada\x1b[2J\nroot", "ada\x1b[2J\nroot")],
    ids=["none", "no_utf8", "controls"],
)  # fmt: skip
def test_request_is_kept_whatever_the_name_of_who_asks(
    house: House, say: Say, monkeypatch: pytest.MonkeyPatch, name: bytes, kept: str
) -> None:
    house.stage.add("sales", sales(1))
    monkeypatch.setenv("LOGNAME", os.fsdecode(name))
    said = say(*REQUEST, "--json")
    assert said.code == 0, said.err
    [request] = house.store.requests()
    assert request.request.requested_by == kept
    assert "\x1b" not in say("requests", "sales").out


@pytest.mark.parametrize("name", ["   ", "a" * 5000])
def test_name_that_is_none_asks_for_by(house: House, say: Say, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    house.stage.add("sales", sales(1))
    monkeypatch.setenv("LOGNAME", name)
    said = say(*REQUEST)
    assert said.code == 2
    assert "--by" in said.err


@pytest.mark.parametrize("name", ["RETRAINING_DATA_DIR", "RETRAINING_MODELS_DIR", "RETRAINING_LOG_FILE"])
def test_setting_that_begins_at_home_names_itself(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}: .* no home folder"):
        Settings.from_environment({name: "~/here"})


@pytest.mark.parametrize("end", ["\n", " ", "\r\n"])
def test_what_a_file_of_secrets_ends_with_is_no_part_of_a_setting(tmp_path: Path, end: str) -> None:
    names = {
        "RETRAINING_MODELS_DIR": f"{tmp_path}", "RETRAINING_ARTIFACTS": "s3://bucket/here",
        "AIRFLOW_CONN_RETRAINING_DB": "postgresql://ada:s@db/records", "RETRAINING_KEEP_MONTHS": "24",
    }  # fmt: skip
    written = {name: f"{value}{end}" for name, value in names.items()}
    assert Settings.from_environment(written) == Settings.from_environment(names)
    mlflow = {"MLFLOW_TRACKING_URI": "http://mlflow:5000", "MLFLOW_TRACKING_TOKEN": "t"}
    written = {name: f"{value}{end}" for name, value in mlflow.items()}
    assert MlflowSettings.from_environment(written) == MlflowSettings.from_environment(mlflow)


def test_source_at_home_is_that_models_mistake_and_not_watched(house: House, say: Say) -> None:
    house.stage.add("sales", sales(1))
    file = house.stage.add("away", source={"kind": "csv", "path": "~/away.csv", "watch": True})
    assert watched_places(file.parent, house.stage.data) == []
    said = say("validate", "away")
    assert said.code == 2
    assert "no home folder" in said.out + said.err
    assert "away" not in say("validate", "sales").out


def test_source_at_home_is_watched_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    (tmp_path / "sales.yaml").write_text("source: {kind: csv, path: ~/sales.csv, watch: true}")
    assert [place.path for place in watched_places(tmp_path, Path("/data"))] == ["/home/ada/sales.csv"]
