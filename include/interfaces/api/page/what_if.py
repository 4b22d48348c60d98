"""The view that tries other settings on the checks that are on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import HTMLResponse

from include import workflow
from include.decision.policy.preset_names import PRESET_NAMES
from include.errors import ConfigurationError, RetrainingError
from include.interfaces.api.page.addresses import Days, Model
from include.interfaces.api.page.answers import page, page_router
from include.interfaces.api.page.charts.small import nearness_bar
from include.interfaces.api.problems import told_of
from include.interfaces.api.records import Deployed
from include.records.entries import WhatIf
from include.registry.effective import effective_settings
from include.workflow.deployment import now

router = page_router()

NUMBERS = {
    "false_retrains_per_quarter": "False retrains a quarter (the budget)",
    "performance_threshold": "Worsening of the metric that matters",
    "concept_drift_threshold": "Rise of the error within the window that matters",
    "outlier_share": "Share of outlying values that matters",
}
COOLDOWN, TESTS = "cooldown", "drift_tests"
KINDS = ("calibrated", "preset", "model_type")
Text = Annotated[str, Query(max_length=40)]


@dataclass(frozen=True, kw_only=True)
class Knob:
    """A number that can be moved: what holds now, what was chosen (empty: the same), and how far a slider goes."""

    name: str
    label: str
    now: float
    chosen: str

    @property
    def most(self) -> float:
        """End of the slider."""
        return 4.0 * self.now if self.now > 0.0 else 1.0

    @property
    def step(self) -> float:
        """Of the slider."""
        return self.most / 80.0


@router.get("/what-if")
def what_if(
    request: Request, deployed: Deployed, model: Model, preset: Text = "", cooldown: Text = "", drift_tests: Text = "",
    days: Days = 90,
) -> HTMLResponse:  # fmt: skip
    """Which recorded decisions would have been otherwise with other settings."""
    given = {name: str(request.query_params.get(name, ""))[:40].strip() for name in NUMBERS}
    told, found = "", None
    try:
        current = effective_settings(deployed.spec(model), preset)["settings"]
        settings = _settings(given, cooldown.strip(), drift_tests)
        found = workflow.what_if(deployed, model, preset=preset, settings=settings, start=now() - timedelta(days=days))
    except RetrainingError as error:
        told = told_of(error)
        current = _own(deployed, model)
    return page(
        "what_if.html", view="what-if", model=model, found=found, told=told, preset=preset, days=days,
        presets=PRESET_NAMES, knobs=_knobs(current, given), cooldown=cooldown, cooldown_now=current.get(COOLDOWN, ""),
        drift_tests=drift_tests, tests=KINDS, lines=_lines(found), bar=nearness_bar,
    )  # fmt: skip


def _own(deployed: Deployed, model: str) -> Mapping[str, Any]:
    """The settings of the model file as it is; none where that is wrong or gone."""
    try:
        found: Mapping[str, Any] = effective_settings(deployed.spec(model))["settings"]
    except RetrainingError:
        return {}
    return found


def _settings(given: Mapping[str, str], cooldown: str, tests: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, text in given.items():
        if not text:
            continue
        try:
            settings[name] = float(text)
        except ValueError:
            raise ConfigurationError(name, f"found {text!r}; give a number") from None
    return settings | {name: text for name, text in ((COOLDOWN, cooldown), (TESTS, tests)) if text}


def _knobs(current: Mapping[str, Any], given: Mapping[str, str]) -> list[Knob]:
    return [
        Knob(name=name, label=label, now=float(current[name]), chosen=given[name])
        for name, label in NUMBERS.items()
        if isinstance(current.get(name), int | float)
    ]


def _lines(found: WhatIf | None) -> Sequence[tuple[str, str]]:
    """Lines of the difference, and whether each was taken out (``del``), put in (``ins``) or stays (empty)."""
    if found is None:
        return ()
    kinds = {"-": "del", "+": "ins"}
    lines = [line for line in found.difference.splitlines() if not line.startswith(("---", "+++", "@@"))]
    return [(kinds.get(line[:1], ""), line) for line in lines]
