"""A first version and one check of it, tried with the production code and a record in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from include.data.tables import ModelTables
from include.records.entries import Analysis, Outcome, Run
from include.registry.spec import ModelSpec
from include.retraining.resources import ResourceMeter
from include.workflow.deployment import rehearsal
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.first import begin_with


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of it.

    Parameters
    ----------
    outcome : Outcome
        Of the first version, as the gate judged it.
    check : Analysis
        Of the newest window, with that version as champion whatever the gate said.
    seconds, peak_mib : float
        Of that check without the reading of the rows.
    """

    outcome: Outcome
    check: Analysis
    seconds: float
    peak_mib: float


def try_out(
    spec: ModelSpec, data_dir: Path, folder: Path, read: Callable[..., ModelTables], first: datetime, last: datetime
) -> Trial:  # fmt: skip
    """Train a first version as of `first`, and check it as of `last`.

    Parameters
    ----------
    folder : Path
        For artifacts, to spare.
    read : callable
        As `include.data.tables.read_tables`.

    Raises
    ------
    RetrainingError
        Whatever a run would end with.
    """
    deployment = rehearsal(folder, spec, data_dir=data_dir, read=read)
    outcome = begin_with(deployment, spec.name, Run(run_id="first", as_of=first, requested_by="validate"))
    run = Run(run_id="check", as_of=last, requested_by="validate")
    began = time.monotonic()
    with ResourceMeter() as meter:
        check = analyze(deployment, spec.name, run)
        decide(deployment, spec.name, run)
    return Trial(
        outcome=outcome, check=check, seconds=time.monotonic() - began,
        peak_mib=float((meter.details.memory_usage or {})["peak_mib"]),
    )  # fmt: skip
