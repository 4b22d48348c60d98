from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from include.errors import ConfigurationError
from include.registry.loader import load_model_file
from include.registry.places import watched_places
from tests.models import PROJECT_ROOT
from tests.registry.test_any_file import FILES
from tests.sweeps import each_nth

MODEL = """
task: regression
source: {kind: csv, path: sales.csv%s}
timestamp: at
target: sales
reference: {end: 2026-01-31}
metric: rmse
%s
"""


def write(folder: Path, **models: tuple[str, str]) -> Path:
    for name, parts in models.items():
        (folder / f"{name}.yaml").write_text(MODEL % parts)
    return folder


def test_models_of_one_file_share_a_place_and_the_longest_times_hold(tmp_path: Path) -> None:
    write(
        tmp_path, a=(", watch: true", ""), b=(", watch: {settle: 90s, cooldown: 2h, every: 3s}", ""), c=("", ""),
        d=(", watch: false", ""), e=(", watch: true", "enabled: false"),
    )  # fmt: skip
    [place] = watched_places(tmp_path, Path("/data"))
    assert (place.path, place.key, place.models) == ("/data/sales.csv", "rows /data/sales.csv", ("a", "b"))
    assert (place.settle, place.cooldown) == (timedelta(seconds=90), timedelta(hours=2))
    assert place.every == timedelta(seconds=3)
    assert place.endings == (".csv", ".csv.gz", ".csv.bz2", ".csv.zst")


def test_pairs_storage_and_results_are_places_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "pair.yaml").write_text(
        "source: {kind: parquet, reference_path: old, recent_path: /mnt/new/**, watch: true}\n"
        "red_team: {path: 's3://shop/red/*.xml', connection: shop_s3, settle: 1s}\n"
    )
    found = {place.key: place for place in watched_places(tmp_path, Path("/data"))}
    assert sorted(found) == ["results s3://shop/red/*.xml by shop_s3", "rows /data/old", "rows /mnt/new/**"]
    assert found["results s3://shop/red/*.xml by shop_s3"].every == timedelta(seconds=10)


@pytest.mark.parametrize(
    "text",
    ["source: [unclosed\nwatch", "- watch", "source: watch", "source: {kind: sql, watch: true}", "watch: true",
     "source: {kind: csv, path: 7, watch: true}", "source: {kind: csv, path: a.csv, watch: {settle: 0s}}",
     "source: {watch: true}", "red_team: true", "red_team: {path: ''}", "source: {kind: [csv], path: a, watch: true}",
     "\x00watch", "red_team: {path: a.xml, pth: b}", "source: {kind: csv, path: a.csv, watch: {cooldown: 40d}}"],
)  # fmt: skip
def test_a_model_file_with_mistakes_hides_no_other(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.yaml").write_text(text)
    (tmp_path / "cut.yaml").write_bytes(b"watch: \xff\xfe")
    write(tmp_path, good=(", watch: true", ""))
    assert [place.models for place in watched_places(tmp_path, Path("/data"))] == [("good",)]


@pytest.mark.parametrize(
    ("source", "rest", "told"),
    [
        (", watch: {cooldwn: 1h}", "", "unknown field source.csv.watch.cooldwn; did you mean 'cooldown'?"),
        (", timestamp: {frmat: '%Y'}", "", "unknown field source.csv.timestamp.frmat; did you mean 'format'?"),
        (", watch: {settle: 10}", "", "source.csv.watch.settle: found 10; 10 is not a duration"),
        (", watch: {settle: 0s}", "", "source.csv.watch.settle"),
        (", watch: yes please", "", "source.csv.watch"),
        ("", "red_team: {settle: 5s}", "field red_team.path is missing"),
        ("", "red_team: {path: 's3://shop@red/x'}", "the name of the connection in `connection`"),
        ("", "red_team: {path: x.xml, connection: shop}", "a connection is for a path that begins with s3://"),
    ],
)
def test_mistakes_are_told_where_a_model_is_read(tmp_path: Path, source: str, rest: str, told: str) -> None:
    write(tmp_path, sales=(source, rest))
    with pytest.raises(ConfigurationError) as refused:
        load_model_file(tmp_path / "sales.yaml")
    assert told in str(refused.value)


def test_what_is_written_is_what_is_read_back(tmp_path: Path) -> None:
    write(tmp_path, sales=(", watch: {settle: 10s, cooldown: 30min}", "red_team: {path: suite.xml, settle: 75s}"))
    spec = load_model_file(tmp_path / "sales.yaml")
    assert spec.model_dump(mode="json")["source"]["watch"] == {"settle": "10s", "cooldown": "30min", "every": None}
    assert spec.red_team is not None
    assert spec.model_dump(mode="json")["red_team"]["settle"] == "75s"


def test_a_thousand_model_files_are_asked_in_little_time_and_without_numeric_libraries(tmp_path: Path) -> None:
    write(tmp_path, **{f"m{n}": (", watch: true" if n < 20 else "", f"window: {n % 9 + 1}d") for n in range(1000)})
    code = (
        "import sys, time; from pathlib import Path; from include.registry.places import watched_places; "
        "began = time.process_time(); [place] = watched_places(Path(sys.argv[1]), Path('/data')); "
        "took = time.process_time() - began; assert len(place.models) == 20; assert took < 1, took; "
        "assert not {'numpy', 'pandas', 'scipy', 'sklearn', 'pyarrow'} & set(sys.modules); print(took)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=PROJECT_ROOT)


@pytest.mark.parametrize("name", each_nth([*FILES, "a pipe", "an endless file"], 2))
def test_whatever_is_in_a_file_a_dag_file_is_parsed_and_the_others_are_watched(tmp_path: Path, name: str) -> None:
    write(tmp_path, good=(", watch: true", ""))
    if name == "a pipe":
        os.mkfifo(tmp_path / "bad.yaml")
    elif name == "an endless file":
        (tmp_path / "bad.yaml").symlink_to("/dev/zero")
    else:
        (tmp_path / "bad.yaml").write_text(f"# watch\n{FILES[name]}")
    began = time.process_time()
    [place] = watched_places(tmp_path, Path("/data"))
    assert place.models == ("good",)
    assert time.process_time() - began < 5
