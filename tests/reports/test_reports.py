from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pandas as pd
import pytest

from include.data.profile import profile_table
from include.decision.evidence import TriggerResult
from include.decision.request import RequestKind
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors import Comparison
from include.errors import DataError
from include.interfaces.reports.escaping import escape
from include.interfaces.reports.files import FORMATS, file_report, folder_name, write_report
from include.interfaces.reports.markdown import to_markdown
from include.interfaces.reports.page import to_html
from include.interfaces.reports.plots import course
from include.records.entries import EventStatus, Run
from include.records.memory import MemoryStore
from include.retraining.artifacts import ArtifactFolder
from include.workflow.analysis.distributions import MOST, most_changed
from include.workflow.report import MOST_SIGNALS, RetrainingReport, make_report, report_of
from tests.models import PROJECT_ROOT
from tests.records.examples import NOW, execute, make_analysis, make_decision, make_measurement
from tests.stage import REFERENCE_DAYS, Stage, day, rows_from, sales

SCHEMA = json.loads((PROJECT_ROOT / "docs" / "retraining_report.schema.json").read_text())
CHANGE, ALARM = 45, day(51)
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\x00b\u202e", "\ud800lone", "]]>|`*_#")


def check_schema(report: RetrainingReport) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(FORMATS["json"](report))
    jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(value)
    return value


class Page(HTMLParser):
    """Reads a page: its elements with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def check_page(text: str) -> Page:
    """A page is well formed, runs nothing and asks for nothing."""
    page = Page(text)
    assert page.open == []
    assert not {tag for tag, _ in page.elements} & {"script", "iframe", "object", "embed", "form", "a", "base"}
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert all((attributes.get(name) or "data:").startswith("data:") for name in ("src", "href"))
    assert "url(" not in text
    assert "@import" not in text
    text.encode("utf-8")
    return page


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Stage, RetrainingReport]:
    """A model whose inputs and target turned over; the run that retrains it has consumed a request."""
    stage, table = Stage(tmp_path_factory.mktemp("story")), sales(60, change=CHANGE)
    table.loc[rows_from(CHANGE), "price"] += 2.0
    stage.add("sales", table)
    for at in (REFERENCE_DAYS, REFERENCE_DAYS + 5, REFERENCE_DAYS + 12):
        stage.run("sales", day(at))
    stage.store.add_request("sales", RequestKind.API, "the <b>audit</b> asks", "ada", at=ALARM)
    stage.run("sales", ALARM, run_id="alarm")
    return stage, report_of(stage.deployment, "sales", "alarm")


@pytest.mark.parametrize("form", ["html", "md"])
def test_what_was_done_is_not_recommended_any_more(story: tuple[Stage, RetrainingReport], form: str) -> None:
    report = story[1]
    assert report.event is not None
    advice, came = report.decision.recommendation, f"{report.event.status}: {report.event.outcome}"[:40]
    done, open_still = FORMATS[form](report), FORMATS[form](replace(report, event=None))
    assert (advice in open_still, came in open_still) == (True, False)
    assert (advice in done, came in done) == (False, True)
    rehearsed = FORMATS[form](replace(report, event=replace(report.event, status=EventStatus.DRY_RUN, outcome="")))
    assert advice in rehearsed


def test_json_fulfils_its_schema_and_says_what_happened(story: tuple[Stage, RetrainingReport]) -> None:
    value = check_schema(story[1])
    assert value["decision"]["triggered"] is True
    assert value["event"]["status"] == "promoted"
    assert value["distributions"][0]["name"] in ("price", "target")
    assert value["requests"][0]["consumed_by"] == "alarm"
    assert [each["status"] for each in value["versions"]] == ["retired", "champion"]
    assert value["metric"]["name"] == "rmse"
    assert value["events"][0]["trigger"] == "first_version"
    assert len(value["metric"]["course"]) == 3


def test_page_shows_decision_plots_and_outcome_and_asks_for_nothing(story: tuple[Stage, RetrainingReport]) -> None:
    text = to_html(story[1])
    page = check_page(text)
    words = " ".join(page.words)
    for expected in ("Retrain", "promoted", "Root cause", "How far each trigger", "rmse over time", "Versions", "price",
                     "the <b>audit</b> asks", "consumed by this run"):  # fmt: skip
        assert expected in words
    drawn = [attributes["aria-label"] for tag, attributes in page.elements if tag == "svg"]
    assert "Reference and recent distribution of price" in drawn
    assert any(label and label.startswith("rmse of the champion") for label in drawn)
    policy = next(a["content"] for tag, a in page.elements if tag == "meta" and "http-equiv" in a)
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "prefers-color-scheme:dark" in text
    for plot in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(plot)  # noqa: S314  # our own


def test_markdown_names_the_triggers_and_what_changed(story: tuple[Stage, RetrainingReport]) -> None:
    text = to_markdown(story[1])
    assert text.startswith("# sales: retrain\n")
    assert "| performance without a known gain | yes |" in text
    assert "**promoted**" in text
    assert "&lt;b&gt;audit&lt;/b&gt;" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_report_of_a_quiet_and_of_a_first_run(story: tuple[Stage, RetrainingReport]) -> None:
    stage = story[0]
    for at in (REFERENCE_DAYS, REFERENCE_DAYS + 12):
        report = report_of(stage.deployment, "sales", f"run__{day(at).isoformat()}")
        check_schema(report)
        check_page(to_html(report))
        assert report.history[-1].analysis.run.as_of == day(at)  # nothing of what came later


def test_report_is_written_whole_and_its_place_noted(story: tuple[Stage, RetrainingReport]) -> None:
    stage = story[0]
    run = Run(run_id="alarm", as_of=ALARM)
    page = file_report(stage.deployment, "sales", run)
    assert page is not None
    assert file_report(stage.deployment, "sales", run) == page
    assert sorted(file.name for file in Path(urlsplit(page).path).parent.iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
    ]
    noted = stage.store.report_path("sales", "alarm")
    assert stage.deployment.artifacts.address(f"{noted}/report.html") == page
    assert file_report(stage.deployment, "sales", Run(run_id="lost", as_of=ALARM)) is None


def test_folder_that_cannot_be_written_to_costs_no_more_than_the_report(
    story: tuple[Stage, RetrainingReport], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "made").write_text("a file where the folder should be")
    blocked = replace(story[0].deployment, artifacts=replace(story[0].deployment.artifacts, root=tmp_path / "made"))
    assert file_report(blocked, "sales", Run(run_id="alarm", as_of=ALARM)) is None
    assert "no report of run alarm could be written" in caplog.text


@pytest.mark.parametrize(
    "run_id", ["", "..", ".", "a/b", "../../etc", "x" * 300, "scheduled__2026-05-03T12:00:00+00:00"]
)
def test_no_run_id_leads_out_of_the_folder(run_id: str) -> None:
    name = folder_name(run_id)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,100}", name)
    assert folder_name(run_id + "/") != name


def made(columns: list[str], *, rows: int = 300) -> RetrainingReport:
    """A report on columns of these names, all of which moved."""
    rng = np.random.default_rng(0)
    names = pd.Index(columns, dtype=object)  # text that is not valid Unicode fits in no other
    before = pd.DataFrame(rng.normal(size=(rows, len(columns))), columns=names)
    known = profile_table(before, columns)
    comparison = Comparison(reference=known, recent=profile_table(before + 1.0, columns, against=known))
    signals = [
        Signal(kind=SignalKind.DATA_DRIFT, statistic="ks", feature=name, verdict=Verdict.CHANGED, value=0.5 + number,
               threshold=0.1, p_value=1e-9, reason=f"{name}: ks 0.5")
        for number, name in enumerate(columns)
    ]  # fmt: skip
    analysis = make_analysis(signals=signals, distributions=most_changed(comparison, signals))
    store = MemoryStore()
    decision = make_decision(reason=f"drift of {columns[0]}", root_cause=columns[-1], blocked_by=(columns[0],))
    store.add_request("housing", RequestKind.MANUAL, columns[0], columns[0], at=NOW)
    store.save_decision(analysis, decision, at=NOW)
    return make_report(store, "housing", "run-1", metric="rmse")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    report = made([name, "plain"])
    check_schema(report)
    page = check_page(to_html(report))
    assert not {tag for tag, _ in page.elements} & {"img", "script"}
    assert "\x00" not in to_html(report)
    assert "\u202e" not in to_html(report)
    markdown = to_markdown(report)
    markdown.encode("utf-8")
    assert "<script>" not in markdown
    assert "<img" not in markdown


def test_size_does_not_grow_with_the_number_of_columns(tmp_path: Path) -> None:
    report = made([f"column_{number}" for number in range(400)])
    assert len(report.analysis.distributions) == MOST
    assert report.analysis.distributions[0].name == "column_399"  # the most telling first
    value = check_schema(report)
    assert (value["signals"]["changed"], len(value["signals"]["shown"])) == (400, MOST_SIGNALS)
    folder = tmp_path / write_report(report, ArtifactFolder(tmp_path))
    sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
    assert max(sizes.values()) < 200_000, sizes


def test_course_of_two_hundred_checks_is_drawn_in_bounded_space() -> None:
    store = MemoryStore()
    execute(store, "first")
    for number in range(230):
        at = NOW + number * timedelta(hours=6)
        analysis = make_analysis(
            f"run-{number}", as_of=at, window_end=at, champion_version=1,
            measurements=(make_measurement(1, 0.8 + 0.001 * number),),
        )  # fmt: skip
        store.save_decision(analysis, make_decision(triggered=False), at=at)
    report = make_report(store, "housing", "run-229", metric="r2")
    assert len(report.history) == len(report.course) == 200
    assert len(to_html(report)) < 150_000
    check_page(to_html(report))


def test_trigger_that_may_be_chance_is_drawn_and_told_as_such() -> None:
    leaf = TriggerResult(
        trigger="data_drift", fired=False, reason="x: ks 0.056", value=0.05598, threshold=0.02, p_value=0.84,
        distance=0.019, strength=2.8,
    )  # fmt: skip
    report = replace(made(["x"]), decision=make_decision(triggered=False, triggers=(leaf,)))
    check_schema(report)
    page = to_html(report)
    assert '<i style="width:2.5%"></i>' in page
    assert "held back by its p-value of 0.84, all tests counted; x: ks 0.056" in page
    assert "held back by its p-value of 0.84, all tests counted; x: ks 0.056" in to_markdown(report)


def test_promise_is_a_step_at_the_promotion(story: tuple[Stage, RetrainingReport]) -> None:
    report = story[1]
    first, second = (version.baseline.scores["rmse"] for version in report.versions if version.baseline is not None)
    assert first != second
    last = report.history[-1]
    later = replace(last.analysis, window_end=ALARM + timedelta(days=9), champion_version=2)
    told = course(replace(report, history=[*report.history, replace(last, analysis=later, event=None)]))
    [path] = re.findall(r'class="promised" d="([^"]+)"', told)
    marks = [float(x) for x in re.findall(r'class="event" d="M([0-9.]+) ', told)]  # first version, alarm
    assert len(marks) == 2
    steps = re.fullmatch(r"M([0-9.]+) [0-9.]+((?:H[0-9.]+)+)V[0-9.]+((?:H[0-9.]+)+)", path)
    assert steps is not None, path
    assert float(steps[1]) == marks[0]
    assert float(steps[2].split("H")[-1]) == marks[1]


def test_report_of_an_unknown_run_is_refused() -> None:
    with pytest.raises(DataError, match="run lost has no decision"):
        make_report(MemoryStore(), "housing", "lost", metric="rmse")


def test_backtest_is_shown_as_an_image_of_its_own() -> None:
    report = replace(made(["x"]), backtest='<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    page = check_page(to_html(report))
    [image] = [attributes for tag, attributes in page.elements if tag == "img"]
    assert (image["src"] or "").startswith("data:image/svg+xml;base64,")


def test_escaped_text_is_the_text_again() -> None:
    assert escape('a < b & "c"') == "a &lt; b &amp; &quot;c&quot;"
    assert escape(datetime(2026, 5, 3, tzinfo=UTC)) == "2026-05-03 00:00:00+00:00"
