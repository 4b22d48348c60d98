"""The form of a run in Airflow's web interface: a field for each parameter."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param

from include.workflow.run_parameters import FORM
from include.workflow.settings import Settings


def params() -> dict[str, Param]:
    """A field for each parameter that a run takes.

    The form asks for a value wherever `type` does not allow null; to it an empty text is none.
    """
    return {
        "models": Param(
            [],
            **_schema("models"),
            title="Models",
            description="Names of the models to check. Empty: all that are enabled.",
            **_offered(),
        ),
        "reason": Param(
            "",
            **_schema("reason"),
            title="Reason",
            description="Why you ask; kept on record.",
        ),
        "force": Param(
            False,
            **_schema("force"),
            title="Force",
            description="Retrain whatever the policy says. Broken data still blocks, and the gate still decides.",
        ),
        "dry_run": Param(
            False, **_schema("dry_run"), title="Dry run", description="Decide and record, but do not execute."
        ),
        "preset": Param(
            None,
            **_schema("preset"),
            values_display={"null": "each model's own"},
            title="Preset",
            description="Policy preset for this run. Empty: each model's own.",
        ),
        "as_of": Param(
            None,
            **_schema("as_of"),
            title="As of",
            description="End of the recent window, not later than now. Empty: the logical date, or now for a manual "
            "run.",
        ),
        "rollback_to": Param(
            "",
            **_schema("rollback_to"),
            title="Roll back to",
            description="`previous`, or a version such as `v3` that was champion before: the models named are rolled "
            "back to it, and nothing is checked or trained.",
        ),
    }


def _offered() -> dict[str, list[str]]:
    """The models that the form offers: names of files, none of which is read here; without any, names are typed."""
    names = Settings.from_environment().model_names()
    return {"examples": names} if names else {}


def _schema(name: str) -> dict[str, Any]:
    """What a parameter may be, as JSON schema."""
    return dict(FORM[name])
