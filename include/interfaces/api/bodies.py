"""What callers send with what they want done."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic.types import StrictBool

from include.decision.policy.preset_names import PRESET_NAMES
from include.interfaces.api.texts import MODEL_NAME, Moment, Reason, RowsPlace, SentRunId, Share, Text, VersionLabel

Hyperparameter = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
Figure = Annotated[float, Field(allow_inf_nan=False)]
MetricName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Preset = Annotated[str, StringConstraints(pattern=f"^({'|'.join(PRESET_NAMES)})?$")]


class Body(BaseModel):
    """A JSON object with no other fields than these."""

    model_config = ConfigDict(extra="forbid")


class RetrainBody(Body):
    """A request for a retrain."""

    reason: Reason = "requested through the REST API"
    kind: Literal["manual", "api", "red_team", "new_data"] = "api"
    hyperparameters: dict[Hyperparameter, JsonValue] = Field(
        default_factory=dict, max_length=100, description="for this retraining only, besides those of the model file"
    )
    notes: Text = Field("", description="for the record, and the note of the run that is started")
    training_data_path: RowsPlace = Field(
        "", description="rows to train on besides those of the model file: below RETRAINING_DATA_DIR, or s3://..."
    )
    start_run: StrictBool = Field(True, description="start a run now; with false the next run sees to the request")


class RunBody(Body):
    """A run on one model."""

    reason: Reason = "requested through the REST API"
    dry_run: StrictBool = Field(False, description="decide and record, but do not execute")
    force: StrictBool = Field(False, description="retrain whatever the policy says; the gate still decides")
    preset: Preset = Field("", description="policy preset for this run; empty: the model's own")
    as_of: Moment | None = Field(None, description="end of the recent window, not later than now; default: now")


class TriggersBody(Body):
    """Metrics that the caller measured himself."""

    current_metrics: dict[MetricName, Figure] = Field(default_factory=dict, max_length=100)
    baseline_metrics: dict[MetricName, Figure] = Field(
        default_factory=dict, max_length=100, description="default: what the champion scored when it was accepted"
    )


class RollbackBody(Body):
    """Which version shall be champion again, and why."""

    reason: Reason
    to: VersionLabel | Literal["previous"] = "previous"


class CanaryBody(Body):
    """A share of the traffic beside the champion."""

    version: VersionLabel
    share: Share = Field(description="per cent; 0 ends it")
    reason: Reason


class LiftBody(Body):
    """Why quarantined rows may be trained on again."""

    reason: Reason
    accept: StrictBool = Field(False, description="later rows may look like this, too, as long as the champion stays")


class ReasonBody(Body):
    """Why."""

    reason: Reason


class SwitchBody(Body):
    """Why, if somebody wants to say so."""

    reason: Text = ""


class MuteBody(Body):
    """Until when nobody is to be told."""

    model_name: Annotated[str, StringConstraints(pattern=rf"{MODEL_NAME}|^$")] = ""
    until: Moment
    reason: Reason


class AnnotationBody(Body):
    """A remark about a moment."""

    at: Moment
    text: Reason


class MarkBody(Body):
    """What somebody says of a decision in hindsight."""

    run_id: SentRunId
    verdict: Literal["false_alarm", "right"]
    reason: Reason


class WhatIfBody(Body):
    """Settings to try on the checks on record."""

    preset: Preset = ""
    settings: dict[Hyperparameter, JsonValue] = Field(
        default_factory=dict, max_length=100, description="fields of `policy` in place of the model file's"
    )
    start: Moment | None = None
    end: Moment | None = None


class AnswerBody(Body):
    """An answer to the question whether an event may be executed."""

    approve: StrictBool
    reason: Text = ""
