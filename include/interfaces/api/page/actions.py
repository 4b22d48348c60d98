"""What people may do on the page: each action is a form that calls one route of the REST API, under their rights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from include.decision.policy.preset_names import PRESET_NAMES
from include.interfaces.reports.escaping import shorten
from include.interfaces.reports.numbers import moment, number
from include.records.entries import ONCE_CHAMPION, EventRow, FleetRow, Mute, Pause, Quarantine, VersionRow

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a form.

    Parameters
    ----------
    name, label : str
        As the API calls it, and as people read it.
    kind : {"line", "text", "json", "number", "check", "choice", "moment", "fixed"}
        How it is filled in, and sent; ``fixed`` is sent as the JSON in `value`, and not shown.
    """

    name: str
    label: str = ""
    kind: str = "line"
    value: str = ""
    choices: Choices = ()
    required: bool = False
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something to do.

    Parameters
    ----------
    key : str
        Names it within a page.
    verb, title : str
        On the button, and over the form.
    path : str
        Of the route, below the API.
    facts : sequence of str
        What it will do, and what stands in its way, as far as it is known now.
    grave : bool
        Whether it changes what is in production.
    """

    key: str
    verb: str
    title: str
    path: str
    facts: Sequence[str] = ()
    fields: Sequence[Field] = ()
    grave: bool = False


REASON = Field(name="reason", label="Reason, kept on record", required=True)


def fixed(name: str, value: object) -> Field:
    """A value that is sent as it is."""
    return Field(name=name, kind="fixed", value=json.dumps(value))


def of_model(row: FleetRow, versions: Sequence[VersionRow], pause: Pause | None) -> list[Action]:
    """What may be done about a model."""
    path = f"models/{quote(row.model_name, safe='')}"
    found = [_retrain(row, path, pause), _advanced(row, path, pause), _dry_run(row, path)]
    found += [_rollback(row, path, versions), *_canary(row, path, versions)]
    return [*found, _pause(row, path, pause), _mute(row), _annotate(row, path)]


def _standing(row: FleetRow, pause: Pause | None) -> list[str]:
    """What a request for a retrain will meet."""
    facts = [f"The model is {pause.sentence}: the request waits until somebody resumes it."] if pause else []
    facts += [f"Blocked at the last check: {shorten(block, 200)}." for block in row.blocked_by]
    if row.open_requests:
        facts.append(f"{row.open_requests} request(s) are waiting already.")
    if row.champion is None:
        facts.append("There is no champion yet: this trains a first version.")
    else:
        promise = f", {row.metric} {number(row.value)} (promised {number(row.promised)})" if row.metric else ""
        facts.append(
            f"The champion is v{row.champion.version}{promise}; it stays unless the gate promotes the new one."
        )
    return facts


def _retrain(row: FleetRow, path: str, pause: Pause | None) -> Action:
    return Action(
        key="retrain", verb="Retrain", title=f"Retrain {row.model_name}", path=f"{path}/retrain",
        facts=["A run starts now. Broken rows still block, and the gate still decides.", *_standing(row, pause)],
        fields=[REASON],
    )  # fmt: skip


def _advanced(row: FleetRow, path: str, pause: Pause | None) -> Action:
    kinds = [("manual", "somebody wants it"), ("red_team", "a test suite failed"), ("new_data", "there are new data")]
    return Action(
        key="advanced", verb="Retrain, advanced", title=f"Retrain {row.model_name} with settings of its own",
        path=f"{path}/retrain", facts=_standing(row, pause),
        fields=[
            REASON,
            Field(name="kind", label="Why", kind="choice", choices=kinds, value="manual", required=True),
            Field(name="hyperparameters", label="Hyperparameters for this training", kind="json",
                  told='As JSON, for example {"max_iter": 300}; besides those of the model file.'),
            Field(name="notes", label="Notes for the run", kind="text"),
            Field(name="start_run", label="Start a run now; else the next one sees to it", kind="check", value="1"),
        ],
    )  # fmt: skip


def _dry_run(row: FleetRow, path: str) -> Action:
    presets = [("", "the model's own"), *((name, name) for name in PRESET_NAMES)]
    return Action(
        key="dry-run", verb="Dry run", title=f"Check {row.model_name} without doing anything", path=f"{path}/runs",
        facts=["A run looks at the model and decides; nothing is trained or changed. It counts against no budget."],
        fields=[REASON, fixed("dry_run", value=True),
                Field(name="preset", label="Preset", kind="choice", choices=presets)],
    )  # fmt: skip


def _rollback(row: FleetRow, path: str, versions: Sequence[VersionRow]) -> Action:
    now = None if row.champion is None else row.champion.version
    former = [each for each in versions if each.status in ONCE_CHAMPION]
    known = [(f"v{each.version}", f"v{each.version}: {row.metric} {number(each.promised)} when accepted, "
              f"trained {moment(each.created_at)}") for each in former]  # fmt: skip
    facts = [
        f"In production now: {'nothing' if now is None else f'v{now}'}.",
        "The version's artifact has to answer first. Nothing is trained, and the files follow at once.",
    ]
    if not former:
        facts.append("No version was champion before: the API will refuse this.")
    return Action(
        key="rollback", verb="Roll back", title=f"Roll {row.model_name} back", path=f"{path}/rollback", facts=facts,
        grave=True,
        fields=[Field(name="to", label="To", kind="choice", choices=[("previous", "the one before"), *known],
                      value="previous", required=True), REASON],
    )  # fmt: skip


def _canary(row: FleetRow, path: str, versions: Sequence[VersionRow]) -> list[Action]:
    now = None if row.champion is None else row.champion.version
    others = [(f"v{each.version}", f"v{each.version} ({each.status})") for each in versions
              if each.status in ONCE_CHAMPION or each.in_shadow]  # fmt: skip
    if not others or now is None:
        return []
    return [Action(
        key="canary", verb="Canary", title=f"Give a version of {row.model_name} a share of the traffic",
        path=f"{path}/canary",
        facts=["It is put down for whoever routes the traffic: this system routes none. 0 ends it.",
               f"The champion is v{now}."],
        fields=[Field(name="version", label="Version", kind="choice", choices=others, required=True),
                Field(name="share", label="Share, in per cent", kind="number", value="5", required=True), REASON],
    )]  # fmt: skip


def _pause(row: FleetRow, path: str, pause: Pause | None) -> Action:
    if pause is None:
        return Action(
            key="pause", verb="Pause", title=f"Pause {row.model_name}", path=f"{path}/pause", fields=[REASON],
            facts=["Runs leave it alone until somebody resumes it: it is not looked at and not retrained.",
                   "A training that has begun goes on. Rolling back stays possible."],
        )  # fmt: skip
    return Action(
        key="resume", verb="Resume", title=f"Resume {row.model_name}", path=f"{path}/resume", fields=[REASON],
        facts=[f"It is {pause.sentence}.", "The next run looks at it again, and at what was requested meanwhile."],
    )  # fmt: skip


def _mute(row: FleetRow) -> Action:
    facts = ["Nobody is told of it until then; it is checked and retrained as ever."]
    if row.muted_until is not None:
        facts.append(f"It is muted until {moment(row.muted_until)} UTC.")
    return Action(
        key="mute", verb="Mute", title=f"Mute {row.model_name}", path="mutes", facts=facts,
        fields=[fixed("model_name", row.model_name),
                Field(name="until", label="Until (UTC)", kind="moment", required=True), REASON],
    )  # fmt: skip


def _annotate(row: FleetRow, path: str) -> Action:
    return Action(
        key="annotate", verb="Annotate", title=f"Write a remark about {row.model_name}", path=f"{path}/annotations",
        facts=["It stands in the chart of the metric, at its time, with your name."],
        fields=[Field(name="at", label="When (UTC)", kind="moment", required=True),
                Field(name="text", label="Remark", kind="text", required=True)],
    )  # fmt: skip


def of_decision(model: str, run_id: str, *, alarm: bool) -> list[Action]:
    """What people may say of a decision in hindsight."""
    path = f"models/{quote(model, safe='')}/marks"
    right = Action(
        key="right", verb="This was right", title="This decision was right", path=path,
        facts=["It goes on record with your name; the last word counts."],
        fields=[fixed("run_id", run_id), fixed("verdict", "right"), REASON],
    )  # fmt: skip
    if not alarm:
        return [right]
    wrong = Action(
        key="false-alarm", verb="This was a false alarm", title="This decision was a false alarm", path=path,
        facts=["Nothing was wrong with the model. It goes on record with your name, and a retrain that it led to "
               "counts against the false retrains that the policy allows a quarter."],
        fields=[fixed("run_id", run_id), fixed("verdict", "false_alarm"), REASON],
    )  # fmt: skip
    return [wrong, right]


def of_event(event: EventRow) -> list[Action]:
    """What `answering` gives for a row of events."""
    return answering(event.id, event.model_name, event.reason, status=event.status, dry_run=event.dry_run)


def answering(event_id: int, model: str, reason: str, *, status: str, dry_run: bool) -> list[Action]:
    """Approve or refuse what waits for a person: an event that is decided and not begun; else nothing."""
    if status != "decided" or dry_run:
        return []
    facts = [f"Event {event_id}: {shorten(reason, 300)}", "Refused, it ends as held, and nothing is trained."]
    return [
        Action(key=f"{key}-{event_id}", verb=verb, title=f"{verb} the retrain of {model}", facts=facts,
               path=f"events/{event_id}/approval", fields=[fixed("approve", yes), Field(name="reason", label="Reason")])
        for key, verb, yes in (("approve", "Approve", True), ("refuse", "Refuse", False))
    ]  # fmt: skip


def of_quarantine(kept: Quarantine) -> list[Action]:
    """Let quarantined rows be trained on again."""
    if kept.lifted is not None:
        return []
    return [Action(
        key=f"lift-{kept.id}", verb="Lift", title=f"Lift the quarantine of {kept.fault.feature or 'the rows'}",
        path=f"quarantines/{kept.id}/lift", facts=[kept.fault.reason, "The rows may be trained on again."],
        fields=[REASON, Field(name="accept", label="Later rows may look like this, too, while this champion stays",
                              kind="check")],
    )]  # fmt: skip


def of_mute(kept: Mute) -> Action:
    """End a mute before its time."""
    return Action(
        key=f"unmute-{kept.id}", verb="End", title=f"End the mute of {kept.model_name or 'all models'}",
        path=f"mutes/{kept.id}/unmute", facts=["People are told again from now on."], fields=[REASON],
    )  # fmt: skip


def of_schedule(*, paused: bool) -> Action:
    """Have the DAG run by its schedule, or stop."""
    reason = Field(name="reason", label="Reason")
    if paused:
        facts = ["The DAG runs by its schedule again."]
        return Action(key="start", verb="Start", title="Start the schedule", path="start", facts=facts, fields=[reason])
    facts = ["No more runs start, and nothing is looked at. What runs goes on to its end."]
    return Action(key="stop", verb="Stop", title="Stop the schedule", path="stop", facts=facts, fields=[reason])
