"""What if: other settings, tried on the checks that are on record."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import yaml
from pydantic import ValidationError

from include.errors import ConfigurationError, NotOnRecord
from include.records.entries import Analysis
from include.records.entries.model_view import OtherDecision, WhatIf
from include.records.json_values import to_utc
from include.records.postgres.overview import Reading
from include.registry.loader import problems_of
from include.registry.policy import Policy
from include.registry.spec import ModelSpec
from include.workflow.backtest.policies import NamedPolicy
from include.workflow.backtest.recorded import LEFT_OUT, Check, KnownChampion, Record, decide_again, without_removed
from include.workflow.deployment import Deployment, now
from include.workflow.reading.fleet import QUARTER
from include.workflow.reading.given import check_period, known_model, overview_of

Recorded = Sequence[tuple[Analysis, bool]]  # what each check saw, and whether it fired

MOST_CHECKS = 240  # decided again while somebody waits: 60 days of six-hourly checks


def what_if(
    deployment: Deployment,
    model_name: str,
    *,
    preset: str = "",
    settings: Mapping[str, Any] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> WhatIf:
    """Decide the recorded checks again, by the model file as it is and with other settings.

    Parameters
    ----------
    preset : str
        In place of the model file's; empty for the same.
    settings : mapping
        Fields of the section ``policy`` in place of the model file's, such as ``performance_threshold: 0.1``; null
        leaves a field to the preset.
    start, end : datetime or None
        Checks from `start` on and before `end`; by default those of the last 90 days, the latest `MOST_CHECKS` at most.

    Raises
    ------
    NotOnRecord
        For a model that nothing is on record of, or that no check of a champion is on record of in the period.
    ConfigurationError
        For settings that no model file may have, and for a period that is empty.
    """
    at = now()
    check_period(start, end)
    end = end or at
    start = start or end - QUARTER
    with overview_of(deployment.store).moment() as reading:
        known_model(reading, deployment, model_name)
        spec = deployment.spec(model_name)
        changed = changed_policy(spec, preset, settings or {})
        found = reading.recorded(model_name, start, end, MOST_CHECKS)
        gone = without_removed([analysis for analysis, _ in found])[1]
        recorded = [(analysis, fired) for analysis, fired in found if analysis.removed_at is None]
        champions = _champions(reading, model_name, recorded)
    if not recorded:
        raise NotOnRecord(
            f"model {model_name}: no check of a champion is on record from {start:%Y-%m-%d %H:%M} to "
            f"{end:%Y-%m-%d %H:%M}: there is nothing to decide again{gone and '; ' + gone}"
        )
    record = Record(spec=spec, analyses=[analysis for analysis, _ in recorded], champions=champions)
    before = decide_again(record, NamedPolicy(name="before", spec=spec))
    after = decide_again(record, NamedPolicy(name="after", spec=changed))
    return _told(spec, changed, recorded, before, after, gone)


def _told(
    spec: ModelSpec, changed: ModelSpec, recorded: Recorded, before: Sequence[Check], after: Sequence[Check], gone: str
) -> WhatIf:
    return WhatIf(
        model_name=spec.name, start=to_utc(recorded[0][0].run.as_of), end=to_utc(recorded[-1][0].run.as_of),
        checks=len(recorded), fired_recorded=sum(fired for _, fired in recorded), fired_before=_fired(before),
        fired_after=_fired(after), others=_others(recorded, before, after),
        difference=_difference(spec.policy, changed.policy), policy=_as_yaml(changed.policy),
        left_out=[*filter(None, [gone]), *_capped(recorded), *(f"{name}: {why}" for name, why in LEFT_OUT.items())],
    )  # fmt: skip


def _capped(recorded: Recorded) -> list[str]:
    if len(recorded) < MOST_CHECKS:
        return []
    begin = f"{recorded[0][0].run.as_of:%Y-%m-%d %H:%M}"
    return [f"checks before {begin}: the latest {MOST_CHECKS} are tried; `backtest --recorded` tries all"]


def changed_policy(spec: ModelSpec, preset: str, settings: Mapping[str, Any]) -> ModelSpec:
    """The model with other settings in its policy; a `ConfigurationError` for settings that no model file may have."""
    given = {name: getattr(spec.policy, name) for name in spec.policy.model_fields_set} | dict(settings)
    given |= {"preset": preset} if preset else {}
    kept = {name: value for name, value in given.items() if value is not None}
    try:
        policy = Policy.model_validate(kept)
    except ValidationError as error:
        raise ConfigurationError("policy", *problems_of(error, Policy)) from error
    try:
        return ModelSpec.model_validate({**dict(spec), "policy": policy})
    except ValidationError as error:
        raise ConfigurationError("policy", *problems_of(error, ModelSpec)) from error


def _champions(reading: Reading, model_name: str, recorded: Recorded) -> dict[int, KnownChampion]:
    """The champions that the checks looked at, by version."""
    versions = {analysis.champion_version for analysis, _ in recorded} - {None}
    return {
        row["version"]: KnownChampion(
            since=to_utc(row["since"]), trained_at=to_utc(row["trained_at"]), trained_rows=row["training_data_size"],
            data_hash=row["data_hash"] or "",
        )
        for row in reading.known_champions(model_name, [each for each in versions if each is not None])
    }  # fmt: skip


def _fired(checks: Sequence[Check]) -> int:
    return sum(check.decision.triggered for check in checks)


def _others(recorded: Recorded, before: Sequence[Check], after: Sequence[Check]) -> list[OtherDecision]:
    return [
        OtherDecision(
            run_id=analysis.run.run_id, at=to_utc(analysis.run.as_of), recorded=fired,
            before=old.decision.triggered, after=new.decision.triggered, before_reason=old.decision.reason,
            after_reason=new.decision.reason, nearest_trigger=new.decision.nearest_trigger,
            nearness=new.decision.nearness,
        )
        for (analysis, fired), old, new in zip(recorded, before, after, strict=True)
        if old.decision.triggered is not new.decision.triggered
    ]  # fmt: skip


def _difference(before: Policy, after: Policy) -> str:
    old, new = (_as_yaml(policy).splitlines() for policy in (before, after))
    return "\n".join(difflib.unified_diff(old, new, "before", "after", lineterm="", n=3))


def _as_yaml(policy: Policy) -> str:
    """The section as a model file has it, without what it leaves to the preset."""
    fields = policy.model_dump(mode="json", exclude_unset=True)
    return yaml.safe_dump({"policy": fields} if fields else {"policy": {}}, sort_keys=False, allow_unicode=True)
