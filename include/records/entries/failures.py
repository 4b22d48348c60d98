"""Steps of runs that failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FailedStep(StrEnum):
    """Where a run failed; the names of the steps as in `include.workflow.run`."""

    CHOOSE = "choose"  # before any model was looked at
    ANALYZE = "analyze"
    DECIDE = "decide"
    ROLL_BACK = "roll_back"
    APPROVE = "approve"
    EXECUTE = "execute"
    PUBLISH = "publish"
    LOG = "log"
    NOTIFY = "notify"  # of people: a service did not take a message, or there is no right connection


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One try of one step that ended with an error.

    Parameters
    ----------
    failure_id : str
        A UUID: it is kept once, however often it is written.
    model_name : str
        Empty for what failed for all models.
    run_id : str
        Empty outside of a run.
    error_type, error : str
        Class of the error, and what it said.
    permanent : bool
        Whether trying again cannot help.
    by : str
        Who started the run; empty where that is not known.
    """

    failure_id: str
    model_name: str
    run_id: str
    step: FailedStep
    error_type: str
    error: str
    permanent: bool
    at: datetime
    by: str = ""

    @property
    def sentence(self) -> str:
        """For example ``analyze failed: SourceUnavailable: data/housing.csv: no such file``."""
        return f"{self.step} failed: {self.error_type}: {self.error}"
