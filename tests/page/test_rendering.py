"""Templates and charts of the page by themselves: no models, missing figures, and names that mean harm."""

from __future__ import annotations

import doctest
import importlib
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from include.interfaces.api.page.charts.heatmap import heat
from include.interfaces.api.page.charts.small import nearness_bar, sparkline
from include.interfaces.api.page.model_values import reigned, values
from include.interfaces.api.page.rendering import STATIC, link, render
from include.records.entries import (
    Annotation,
    ChampionChange,
    ChampionSince,
    ChangeKind,
    DriftCell,
    DriftCheck,
    FleetPage,
    FleetQuery,
    FleetRow,
    Heatmap,
    LastDecision,
    MetricPoint,
    ModelHealth,
    ModelView,
    QuadrantPoint,
    Quadrants,
)

PAGE = "include.interfaces.api.page"
NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
HARM = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{'no' * 3}}\u202e\x00"""
COMMON: dict[str, Any] = {"now": NOW, "dag_id": "automatic_model_retraining"}


class Tags(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def check_inert(html: str) -> None:
    """Only our own script and pictures, nothing inline, nothing from elsewhere, and no character that turns text."""
    tags = Tags(html).found
    assert [attributes["src"] for tag, attributes in tags if tag == "script"] == [tags_src(tags)]
    for tag, attributes in tags:
        assert tag not in ("img", "iframe", "object", "embed", "base", "style"), tag
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        for name in ("href", "src", "action"):
            address = attributes.get(name) or ""
            assert ":" not in address.partition("?")[0] or address == "data:,", (tag, address)
            assert not address.startswith("/"), (tag, address)
    assert "\u202e" not in html
    assert "\x00" not in html
    assert "nonono" not in html


def tags_src(tags: list[tuple[str, dict[str, str | None]]]) -> str | None:
    [found] = [attributes.get("src") for tag, attributes in tags if tag == "script"]
    assert found is not None
    assert found.startswith("files/page.js?")
    return found


def fleet_html(*rows: FleetRow, **query: Any) -> str:
    counts = {each: sum(row.health is each for row in rows) for each in ModelHealth}
    found = FleetPage(rows=rows, counts=counts, total=len(rows), next_cursor="next" if rows else "")
    return render(
        "fleet.html", view="fleet", model="", found=found, query=FleetQuery(**query), sorts={"attention": "first"},
        bar=nearness_bar, spark=sparkline, **COMMON,
    )  # fmt: skip


def model_html(view: ModelView, changes: list[ChampionChange] | None = None, at: str = "") -> str:
    day = datetime.fromisoformat(at).replace(tzinfo=UTC) if at else None
    return render(
        "model.html", view="model", days=90, end="", at=at, feature="", budget="no model file", failures=(),
        drawn=None, chosen="", **values(view, None, changes or [], day), **COMMON,
    )  # fmt: skip


def harmful() -> ModelView:
    """A view in which whatever can come from outside means harm."""
    points = [
        MetricPoint(run_id=HARM, at=NOW + timedelta(hours=6 * n), version=1, value=1.0 + n, low=None, high=float("nan"),
                    rows=10, promised=float("inf"))
        for n in range(3)
    ]  # fmt: skip
    cell = DriftCell(statistic=HARM, verdict=HARM, value=None, threshold=0.1, p_value=None, size=2.0)
    last = LastDecision(
        run_id=HARM, at=NOW, as_of=NOW, fired=False, trigger=HARM, severity="LOW", reason=HARM, recommendation=HARM
    )
    row = FleetRow(
        model_name=HARM, owner=HARM, tags=(HARM,), why=HARM, metric=HARM, value=1.0, nearest_trigger=HARM, nearness=2e9,
        last_decision=last, blocked_by=(HARM,), champion=ChampionSince(version=1, since=NOW),
        sparkline=(1.0, None, float("nan"), 2.0),
    )  # fmt: skip
    return ModelView(
        row=row, start=NOW, end=NOW + timedelta(days=1), course=points,
        heatmap=Heatmap(checks=(DriftCheck(run_id=HARM, at=NOW),), features=(HARM,), cells={HARM: (cell,)}),
        quadrants=Quadrants(points=(QuadrantPoint(feature=HARM, drift=2.0, importance=0.5, changed=True),)),
        annotations=(Annotation(id=1, model_name=HARM, at=NOW, text=HARM, by=HARM, written_at=NOW),),
        recommendations=({"kind": HARM, "subject": HARM, "reason": HARM, "evidence": {}},),
    )  # fmt: skip


def test_names_and_reasons_that_mean_harm_are_text_on_every_chart_and_table() -> None:
    view = harmful()
    check_inert(model_html(view))
    check_inert(fleet_html(view.row, search=HARM, owner=HARM, tag=HARM))
    check_inert(render("other_dag.html", view="fleet", model="", other=HARM, **COMMON))
    problem = {"title": HARM, "status": 404, "detail": HARM}
    check_inert(render("problem.html", view="", model="", problem=problem, **COMMON))


def test_harmful_names_are_still_shown_and_linked() -> None:
    html = fleet_html(harmful().row)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert link("model", model=HARM).replace("&", "&amp;") in html


def test_a_fleet_without_models_says_how_one_is_registered() -> None:
    assert "No models yet" in fleet_html()
    assert "No model fits" in fleet_html(search="nothing like it")
    assert "No models yet" not in fleet_html(FleetRow(model_name="demand"))


def test_a_model_that_was_never_checked_has_a_view_and_can_be_retrained() -> None:
    html = model_html(ModelView(row=FleetRow(model_name="new"), start=NOW, end=NOW + timedelta(days=1)))
    assert "Never checked" in html
    assert 'data-path="models/new/retrain"' in html
    assert "no champion yet" in html
    check_inert(html)


def test_champion_of_a_day_is_the_one_in_force_then_and_each_made_on_it() -> None:
    def change(number: int, day: int) -> ChampionChange:
        return ChampionChange(
            id=number, model_name="m", kind=ChangeKind.PROMOTION, from_version=None, to_version=number,
            deployed_by="ada", reason=f"v{number} is better", deployed_at=datetime(2026, 5, day, 9, tzinfo=UTC),
        )  # fmt: skip

    changes = [change(1, 1), change(2, 2), change(3, 4), change(4, 4)]
    day = datetime(2026, 5, 4, tzinfo=UTC)
    assert [each.to_version for each in reigned(changes, day)] == [2, 3, 4]
    assert reigned(changes, datetime(2026, 5, 1, tzinfo=UTC)) == changes[:1]
    assert reigned(changes, datetime(2026, 4, 30, tzinfo=UTC)) == []
    view = ModelView(row=FleetRow(model_name="m"), start=NOW, end=NOW + timedelta(days=1))
    html = model_html(view, changes, at="2026-05-03")
    assert "<b>v2</b> since 2026-05-02 09:00 UTC, decided by <b>ada</b>" in html
    assert "no champion on 2026-04-30" in model_html(view, changes, at="2026-04-30")


def test_nothing_in_the_templates_or_the_script_asks_anybody_outside() -> None:
    for file in [*STATIC.iterdir(), *(STATIC.parent / "templates").iterdir()]:
        text = file.read_text(encoding="utf-8")
        assert "//" not in text.replace("</", "").replace("// ", ""), file
        assert " style=" not in text, file
        assert " onclick" not in text, file


@pytest.mark.parametrize("name", ["rendering", "theme", "charts.axes"])
def test_examples_in_the_documentation_hold(name: str) -> None:
    module = importlib.import_module(f"{PAGE}.{name}")
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert (found.failed, found.attempted > 0) == (0, True)


def test_what_may_be_chance_is_paler_than_what_changed_however_large_it_is() -> None:
    def shade(size: float | None, verdict: str) -> str:
        return heat(DriftCell(statistic="ks", verdict=verdict, value=1.0, threshold=1.0, p_value=0.5, size=size))

    assert [shade(size, "stable") for size in (0.0, 0.6, 9.0)] == ["h0", "h2", "h3"]
    assert [shade(size, "changed") for size in (0.3, 1.2, 9.0)] == ["h4", "h4", "h6"]
    assert shade(None, "no_data") == heat(None) == "none"
