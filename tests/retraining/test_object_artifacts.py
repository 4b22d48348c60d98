from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.data.sources.object_storage import client_from_environment
from include.errors import ArtifactError, ConfigurationError, SourceUnavailable
from include.records.memory import MemoryStore
from include.registry.address import Address
from include.registry.training import Script
from include.retraining.artifacts.bucket import CHAMPION_FILE, ObjectArtifacts, open_artifacts
from include.retraining.artifacts.folder import MANIFEST_FILE, ArtifactFolder
from include.retraining.prepare import Columns
from include.retraining.trainers.command_model import command_model
from include.retraining.trainers.kept_files import MODEL_FILE
from include.scoring import Task
from include.workflow.publication import publish_files
from tests.object_server import SECRET, ObjectServer, StopsAt
from tests.records.examples import HOUR, NOW, make_outcome, open_event
from tests.retraining.test_artifacts import small

ROOT = Address(bucket="shop", key="models/live")
COLUMNS = Columns(features=("x",), categorical=())


def artifacts(connect: Any = client_from_environment) -> ObjectArtifacts:
    """A new one each time: nothing of what was loaded earlier is kept."""
    return ObjectArtifacts(ROOT, connect)


def keys(server: ObjectServer) -> list[str]:
    return [stored.key.removeprefix("models/live/") for stored in server.bucket.below("models/live/")]


def owners_files(folder: Path) -> Any:
    """A model in files that only its owner's command reads."""
    for name in ("weights.bin", "parts/names.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name * 1000)
    script = Script.model_validate({"command": ["train"], "predict_command": ["predict"]})
    return command_model(
        (),
        script=script,
        task=Task.REGRESSION,
        columns=COLUMNS,
        folder=folder,
        files=("weights.bin", "parts/names.txt"),
    )


def test_loaded_model_predicts_what_the_trained_one_does(object_server: ObjectServer) -> None:
    trained, columns = small()
    path, sha256 = artifacts().save("model", 1, trained, columns)
    assert path == f"model/v1-{sha256[:12]}"
    assert keys(object_server) == [f"{path}/{MANIFEST_FILE}", f"{path}/{MODEL_FILE}"]
    stored = artifacts().load(path, sha256)
    rows = pd.DataFrame({"x": np.arange(9.0)})
    assert stored.columns == columns
    assert np.array_equal(stored.predictor.predict(rows), trained.predict(rows))
    assert artifacts().size(path) == sum(file.stat().st_size for file in stored.folder.iterdir())
    assert artifacts().size("model/v2-other") == 0


def test_version_has_the_name_the_hash_and_the_files_it_has_on_disk(
    object_server: ObjectServer, tmp_path: Path
) -> None:
    model = owners_files(tmp_path / "made")
    disk = ArtifactFolder(tmp_path / "disk")
    path, sha256 = disk.save("model", 1, model, COLUMNS)
    assert artifacts().save("model", 1, model, COLUMNS) == (path, sha256)
    for file in (disk.root / path).rglob("*"):
        if file.is_file():
            assert object_server.bucket.read(f"models/live/{file.relative_to(disk.root)}") == file.read_bytes()
    predictor = artifacts().load(path, sha256).predictor
    assert isinstance(predictor, type(model))
    assert (predictor.folder / "parts/names.txt").read_text() == "parts/names.txt" * 1000  # as long as it is needed


@pytest.mark.parametrize(
    ("operation", "number"),
    [
        ("put_object", 1),
        ("put_object", 2),
        ("put_object", 3),
        ("get_object", 1),
        ("get_object", 3),
    ],
)
def test_server_stopped_while_saving_leaves_no_version_and_a_later_try_is_whole(
    object_server: ObjectServer, tmp_path: Path, operation: str, number: int
) -> None:
    model = owners_files(tmp_path)
    with pytest.raises(SourceUnavailable, match=r"s3://shop/models/live/model/v1-.*cannot be reached") as caught:
        artifacts(StopsAt(object_server, operation, number)).save("model", 1, model, COLUMNS)
    assert SECRET not in str(caught.value)
    object_server.start()
    left = keys(object_server)
    if number < 3 or operation != "get_object":  # the last reading back is that of the manifest, which is whole
        assert not [key for key in left if key.endswith(MANIFEST_FILE)]
    path, sha256 = artifacts().save("model", 1, model, COLUMNS)
    artifacts().load(path, sha256)
    assert len(keys(object_server)) == 3


def test_remains_of_settled_versions_are_removed_and_others_are_not(object_server: ObjectServer) -> None:
    artifacts().save("model", 10, *small())
    artifacts().save("models", 1, *small())
    for name in (MODEL_FILE, MANIFEST_FILE):
        object_server.bucket.put(f"models/live/model/v1-c0a54ed00000/{name}", b"half")
        object_server.bucket.put(f"models/live/model/v2-backup/{name}", b"of somebody")
    path, sha256 = artifacts().save("model", 1, *small())
    assert artifacts().tidy("model", {"v1": Path(path).name, "v2": ""}) == ["v1-c0a54ed00000"]
    assert sorted({key.partition("-")[0] for key in keys(object_server)}) == [
        "model/v1", "model/v10", "model/v2", "models/v1"
    ]  # fmt: skip
    assert {name.partition("-")[0] for name in artifacts().versions("model")} == {"v1", "v10"}
    artifacts().load(path, sha256)


def test_object_that_reads_back_differently_is_not_taken_for_saved(object_server: ObjectServer) -> None:
    class Losing:
        def __getattr__(self, name: str) -> Any:
            real = getattr(client_from_environment(""), name)
            return (lambda **given: real(**{**given, "Body": b"other"})) if name == "put_object" else real

    losing = Losing()
    with pytest.raises(SourceUnavailable, match="reads back as something else"):
        artifacts(lambda _name: losing).save("model", 1, *small())
    assert not [key for key in keys(object_server) if key.endswith(MANIFEST_FILE)]


@pytest.mark.parametrize("number", [1, 2])
def test_server_stopped_while_loading_is_told_and_a_later_try_loads(object_server: ObjectServer, number: int) -> None:
    saved = artifacts().save("model", 1, *small())
    reader = artifacts(StopsAt(object_server, "get_object", number))
    with pytest.raises(SourceUnavailable, match=r"s3://shop/models/live/model/v1-.*cannot be reached"):
        reader.load(*saved)
    object_server.start()
    reader.load(*saved)


@pytest.mark.parametrize("name", [MODEL_FILE, MANIFEST_FILE])
def test_object_that_is_changed_or_gone_is_named(object_server: ObjectServer, name: str) -> None:
    path, sha256 = artifacts().save("model", 1, *small())
    key = f"models/live/{path}/{name}"
    object_server.bucket.put(key, object_server.bucket.read(key) + b" ")
    with pytest.raises(ArtifactError, match=f"s3://shop/{key}: sha256 is"):
        artifacts().load(path, sha256)
    object_server.bucket.remove(key)
    with pytest.raises(ArtifactError, match=f"s3://shop/{key}: no such object"):
        artifacts().load(path, sha256)


def test_foreign_file_is_refused_with_its_address(object_server: ObjectServer) -> None:
    path, _ = artifacts().save("model", 1, *small())
    for name, content in ((MODEL_FILE, b"no model"), (MANIFEST_FILE, b"{}")):
        object_server.bucket.put(f"models/live/{path}/{name}", content)
    with pytest.raises(ArtifactError, match=f"s3://shop/models/live/{path}"):
        artifacts().load(path, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")  # of {}


def promote(store: MemoryStore, number: int) -> str:
    """Promote a stored version; its path."""
    path, sha256 = artifacts().save("housing", number, *small())
    event = open_event(store, f"run-{number}", at=NOW + number * HOUR)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(artifact_path=path, artifact_sha256=sha256), at=NOW + number * HOUR)
    return path


def test_pointer_follows_the_champion_and_repeating_changes_nothing(object_server: ObjectServer) -> None:
    store = MemoryStore()
    assert not publish_files(store, artifacts(), "housing")
    for number in (1, 2):
        path = promote(store, number)
        assert publish_files(store, artifacts(), "housing")
        assert not publish_files(store, artifacts(), "housing")
        pointer = json.loads(object_server.bucket.read(f"models/live/housing/{CHAMPION_FILE}"))
        assert pointer["address"] == f"s3://shop/models/live/{path}"
        found = Address.of(pointer["address"])
        assert pointer["sha256"].startswith(path[-12:])
        assert object_server.bucket.read(f"{found.key}/{MANIFEST_FILE}")


def test_server_stopped_while_publishing_leaves_the_earlier_pointer(object_server: ObjectServer) -> None:
    store = MemoryStore()
    first = promote(store, 1)
    publish_files(store, artifacts(), "housing")
    second = promote(store, 2)
    with pytest.raises(SourceUnavailable, match=f"housing/{CHAMPION_FILE}"):
        publish_files(store, artifacts(StopsAt(object_server, "put_object", 1)), "housing")
    object_server.start()
    assert artifacts().published("housing") == Path(first).name
    assert publish_files(store, artifacts(), "housing")
    assert artifacts().published("housing") == Path(second).name


def test_champion_whose_objects_are_gone_leaves_the_pointer_and_says_so(object_server: ObjectServer) -> None:
    store = MemoryStore()
    first = promote(store, 1)
    publish_files(store, artifacts(), "housing")
    second = promote(store, 2)
    object_server.bucket.remove(f"models/live/{second}/{MANIFEST_FILE}")
    with pytest.raises(ArtifactError, match="restore the version's files"):
        publish_files(store, artifacts(), "housing")
    assert artifacts().published("housing") == Path(first).name


@pytest.mark.parametrize("text", [b"mine", b"\xff\xfe", b"[" * 99_999, b"{}", b"[]"])
def test_object_in_the_place_of_the_pointer_is_not_overwritten(object_server: ObjectServer, text: bytes) -> None:
    store = MemoryStore()
    promote(store, 1)
    object_server.bucket.put(f"models/live/housing/{CHAMPION_FILE}", text)
    with pytest.raises(ArtifactError, match="move it away"):
        publish_files(store, artifacts(), "housing")
    assert object_server.bucket.read(f"models/live/housing/{CHAMPION_FILE}") == text


def test_texts_are_written_and_read(object_server: ObjectServer) -> None:
    whole_bucket = open_artifacts(Path("unused"), "s3://shop_s3@shop")
    whole_bucket.write("reports/a", {"b.html": "é"})
    assert (whole_bucket.read("reports/a/b.html"), whole_bucket.read("reports/a/c.html")) == ("é", None)
    assert object_server.bucket.read("reports/a/b.html") == "é".encode()
    assert whole_bucket.address("reports/a/b.html") == "s3://shop/reports/a/b.html"


def test_address_of_the_artifacts_has_to_be_one(tmp_path: Path) -> None:
    assert open_artifacts(tmp_path, None) == ArtifactFolder(tmp_path)
    with pytest.raises(ConfigurationError, match=r"RETRAINING_ARTIFACTS: write s3://bucket/key") as caught:
        open_artifacts(tmp_path, f"s3://keeper:{SECRET}@shop")
    assert SECRET not in str(caught.value)
