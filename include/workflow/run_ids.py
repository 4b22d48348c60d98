"""A run decides once about a model; its id used again for something else is refused, not ignored."""

from __future__ import annotations

from dataclasses import replace

from include.errors import ConfigurationError
from include.records.entries import Run
from include.records.json_values import clean_text, to_utc
from include.records.store import Runs

_ASKED = {"as_of": "as of", "force": "force", "reason": "reason", "dry_run": "dry_run", "preset": "preset"}


def require_same_run(store: Runs, model_name: str, run: Run) -> None:
    """Do nothing for a run that has not decided about the model yet, or is taken again as it was.

    A task that is cleared, or a run that was deleted and made again as it was, finds what is on record.

    Raises
    ------
    ConfigurationError
        When a run of that id decided about the model and was asked for something else.
    """
    if store.decision(model_name, run.run_id) is None:
        return
    analysis = store.analysis(model_name, run.run_id)
    if analysis is None:
        return
    before, now = analysis.run, replace(run, as_of=to_utc(run.as_of), reason=clean_text(run.reason))
    changed = [
        f"{shown} was {getattr(before, name)!s}, now {getattr(now, name)!s}"
        for name, shown in _ASKED.items()
        if getattr(before, name) != getattr(now, name)
    ]
    if changed:
        raise ConfigurationError(
            f"run {run.run_id}",
            f"has decided about {model_name} already, and was asked for something else ({'; '.join(changed)}); what is "
            "on record stays: start a run with another id",
        )
