"""Model files and rows as people have them, through analyze, decide and execute."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.decision.decision import Decision
from include.errors import DataError
from include.records.entries import Analysis, Event, EventStatus, Run
from include.records.memory import MemoryStore
from include.registry.kinds import Kind
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute

HOURS = pd.date_range("2026-01-01", periods=45 * 24, freq="h")
RNG = np.random.default_rng(0)
X = RNG.normal(size=len(HOURS))
ROWS = pd.DataFrame(
    {"at": HOURS, "x": X, "z": RNG.uniform(1, 3, len(HOURS)), "y": 3 * X + RNG.normal(0, 0.3, len(HOURS))}
)
FIELDS: dict[str, Any] = {
    "task": "regression", "source": {"kind": "csv", "path": "d.csv"}, "timestamp": "at", "target": "y",
    "reference": {"start": "2026-01-01", "end": "2026-01-31"}, "window": "10d", "metric": "rmse",
    "training": {"hyperparameters": {"max_iter": 20}},
}  # fmt: skip


class Shop:
    """One model, its rows in a file, records in memory."""

    def __init__(self, folder: Path, **fields: Any) -> None:
        (folder / "models").mkdir()
        (folder / "data").mkdir()
        (folder / "models" / "m.yaml").write_text(json.dumps({**FIELDS, **fields}))
        self.file = folder / "data" / "d.csv"
        self.place = Deployment(
            store=MemoryStore(), models_dir=folder / "models", data_dir=folder / "data",
            artifacts=ArtifactFolder(folder / "made"),
        )  # fmt: skip

    def run(self, day: str) -> tuple[Analysis, Decision, Event | None]:
        run = Run(run_id=day, as_of=datetime.fromisoformat(day).replace(tzinfo=UTC))
        analysis = analyze(self.place, "m", run)
        decision, event = decide(self.place, "m", run)
        if event is not None:
            event = execute(self.place, event.id)
        return analysis, decision, event

    def both(self, table: pd.DataFrame, **written: Any) -> tuple[Analysis, Decision, Event | None]:
        """The first version, and what a check ten days later says; the labels of that check have not arrived."""
        table.assign(y=table["y"].where(table.index < 720)).to_csv(self.file, index=False, **written)
        _, _, event = self.run("2026-01-31")
        assert event is not None
        assert event.status is EventStatus.PROMOTED
        return self.run("2026-02-10")

    def kind(self, name: str) -> Kind:
        reference = self.place.store.reference("m", 1)
        assert reference is not None
        return reference.kinds[name].kind


def signals(analysis: Analysis, statistic: str) -> list[str]:
    return [signal.reason for signal in analysis.signals if signal.statistic == statistic]


@pytest.mark.parametrize(
    "at",
    [
        HOURS.as_unit("s").astype("int64"), HOURS.as_unit("s").astype("int64") * 1000, HOURS.strftime("%d/%m/%Y %H:%M"),
        HOURS.strftime("%d.%m.%Y %H:%M"), HOURS.strftime("%m/%d/%Y %I:%M %p"), HOURS.strftime("%Y-%m-%dT%H:%M:%SZ"),
    ],
    ids=["seconds", "ms", "day first", "dots", "month first", "ISO"],
)  # fmt: skip
def test_times_in_any_writing_give_the_same_rows(tmp_path: Path, at: Any) -> None:
    shop = Shop(tmp_path)
    analysis, decision, _ = shop.both(ROWS.assign(at=at))
    assert (analysis.rows, decision.triggered) == (240, False)


def test_a_european_file_is_read_and_it_is_told_how(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    table = ROWS.assign(at=HOURS.strftime("%d.%m.%Y %H:%M"), city=RNG.choice(["Zürich", "Genève"], len(ROWS)))
    analysis, decision, _ = shop.both(table, sep=";", decimal=",", encoding="cp1252")
    assert not decision.triggered
    (told,) = signals(analysis, "reading")
    for part in ("cells end with ';'", "decimals come after a comma", "Windows-1252", "'%d.%m.%Y %H:%M'"):
        assert part in told


def test_a_date_and_an_hour_are_one_time(tmp_path: Path) -> None:
    source = {**FIELDS["source"], "timestamp": {"columns": ["day", "hr"], "format": "%Y-%m-%d %H"}}
    shop = Shop(tmp_path, source=source, features=["x", "z", "hr"])
    table = ROWS.drop(columns="at").assign(day=HOURS.strftime("%Y-%m-%d"), hr=HOURS.hour)
    assert shop.both(table)[0].rows == 240


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (np.arange(len(ROWS)), Kind.CALENDAR), (HOURS.month, Kind.CALENDAR), (HOURS.month_name(), Kind.CALENDAR),
        (HOURS.strftime("%Y-%m-%d"), Kind.CALENDAR), (np.repeat([4.0, 3.5, 3.75, 4.25, 4.5], 216), Kind.CALENDAR),
        ([f"order-{n}" for n in range(len(ROWS))], Kind.IDENTIFIER),
        (RNG.permutation(len(ROWS)) + 9_000, Kind.IDENTIFIER),
    ],
    ids=["row number", "month", "name of the month", "date", "rate", "identifier", "number of the order"],
)  # fmt: skip
def test_a_column_that_says_nothing_of_change_is_told_and_asks_for_nothing(
    tmp_path: Path, cells: Any, kind: Kind
) -> None:
    shop = Shop(tmp_path)
    analysis, decision, _ = shop.both(ROWS.assign(extra=cells))
    assert not decision.triggered
    assert not [signal.reason for signal in analysis.signals if signal.blocks]
    assert "extra is" in signals(analysis, "not_compared")[0]
    version = shop.place.store.champion("m")
    assert version is not None
    assert ("extra" in version.details.features) == kind.learnt
    if kind.learnt:
        assert shop.kind("extra") is kind


def test_the_model_file_changes_a_kind(tmp_path: Path) -> None:
    shop = Shop(tmp_path, columns={"z": "calendar"})
    analysis, decision, _ = shop.both(ROWS.assign(z=np.where(ROWS.index < 720, ROWS["z"], ROWS["z"] + 9)))
    assert not decision.triggered
    assert "z is a calendar column (the model file says so)" in signals(analysis, "not_compared")[0]


def test_what_the_owner_calls_missing_is_missing_everywhere(tmp_path: Path) -> None:
    shop = Shop(tmp_path, source={**FIELDS["source"], "missing": [-999, "unknown"]})
    table = ROWS.assign(
        z=ROWS["z"].mask(ROWS.index % 10 == 3, -999.0), city=RNG.choice(["a", "b", "unknown"], len(ROWS))
    )
    shop.both(table)
    reference = shop.place.store.reference("m", 1)
    assert reference is not None
    assert reference.profile.columns["z"].missing == 72
    assert reference.profile.columns["city"].missing == int((table["city"][:720] == "unknown").sum())


def test_a_column_of_lists_is_refused_by_name_unless_it_is_no_feature(tmp_path: Path) -> None:
    table = ROWS.assign(tags=[[1, 2]] * len(ROWS))
    for number, features in enumerate((None, ["x", "z"])):
        folder = tmp_path / str(number)
        folder.mkdir()
        shop = Shop(folder, source={"kind": "parquet", "path": "d.parquet"}, features=features)
        table.to_parquet(shop.file.with_suffix(".parquet"))
        if features is None:
            with pytest.raises(DataError, match="model m: field features: column 'tags' cannot be learnt from"):
                shop.run("2026-01-31")
        else:
            assert shop.run("2026-01-31")[2] is not None


def test_rows_without_a_time_are_left_out_and_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    at = HOURS.strftime("%Y-%m-%d %H:%M:%S").to_numpy().astype(object)
    at[[5, 900]] = "soon"
    analysis, decision, _ = shop.both(ROWS.assign(at=at))
    assert signals(analysis, "rows_without_time") == ["2 rows without a readable time are left out"]
    assert (analysis.rows, decision.triggered) == (239, False)


@pytest.mark.parametrize(
    ("said", "told"), [({}, "labels are no values (-999)"), ({"range": {"y": [-50, 50]}}, "`range`")]
)
def test_labels_that_stand_for_no_value_have_not_arrived(tmp_path: Path, said: dict[str, Any], told: str) -> None:
    shop = Shop(tmp_path, **said)
    ROWS.assign(y=ROWS["y"].mask(ROWS.index % 25 == 3, -999.0)).to_csv(shop.file, index=False)
    _, _, event = shop.run("2026-01-31")
    assert event is not None
    assert event.details.dropped_rows["unlabelled"] == 29
    analysis, decision, _ = shop.run("2026-02-10")
    assert (analysis.labelled_rows, decision.triggered) == (230, False)
    assert told in signals(analysis, "reading")[0]


@pytest.mark.parametrize(
    "table",
    [ROWS.iloc[:0], ROWS.assign(at=HOURS + pd.Timedelta(days=900)), ROWS.iloc[800:]],
    ids=["no rows", "rows to come", "rows after the reference"],
)
def test_a_first_version_without_a_row_of_the_reference_is_refused_with_where_to_look(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    shop = Shop(tmp_path)
    table.to_csv(shop.file, index=False)
    with pytest.raises(DataError, match=r"model m: field reference: no row of the source is in it, 100 are needed"):
        shop.run("2026-01-31" if len(table) != 280 else "2026-02-10")


@pytest.mark.parametrize("days", [None, 900], ids=["emptied", "all to come"])
def test_a_source_that_holds_no_row_of_before_the_check_has_stopped(tmp_path: Path, days: int | None) -> None:
    shop = Shop(tmp_path)
    ROWS.iloc[:720].to_csv(shop.file, index=False)
    shop.run("2026-01-31")
    table = ROWS.iloc[:0] if days is None else ROWS.assign(at=HOURS + pd.Timedelta(days=days))
    table.to_csv(shop.file, index=False)
    analysis, decision, _ = shop.run("2026-02-10")
    (told,) = signals(analysis, "staleness")
    assert "the source stopped: it holds no row" in told
    assert told in decision.reason


def test_numbers_for_classes_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    shop = Shop(tmp_path, task="classification", metric="accuracy")
    ROWS.to_csv(shop.file, index=False)
    with pytest.raises(DataError, match=r"field task: 720 labelled reference rows have 720 classes .*regression"):
        shop.run("2026-01-31")
