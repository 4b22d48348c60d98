"""What can be done, one function a use case: whoever asks (DAG, command line, replay) calls these, nothing below.

They are loaded when they are first named: what a function needs, such as scikit-learn, takes seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.workflow.approve import hold as hold
    from include.workflow.approve import question as question
    from include.workflow.caller_metrics import check_triggers as check_triggers
    from include.workflow.canary import set_canary as set_canary
    from include.workflow.compare import compare_versions as compare_versions
    from include.workflow.deployment import Deployment as Deployment
    from include.workflow.deployment import open_deployment as open_deployment
    from include.workflow.elsewhere import RetrainingTrigger as RetrainingTrigger
    from include.workflow.elsewhere import complete_retraining as complete_retraining
    from include.workflow.elsewhere import fail_retraining as fail_retraining
    from include.workflow.elsewhere import start_retraining as start_retraining
    from include.workflow.lift import lift_quarantine as lift_quarantine
    from include.workflow.migrate import migrate_records as migrate_records
    from include.workflow.publication import publish as publish
    from include.workflow.report import report_of as report_of
    from include.workflow.request import request_retrain as request_retrain
    from include.workflow.rollback import change_in_run as change_in_run
    from include.workflow.rollback import roll_back as roll_back
    from include.workflow.rollback import roll_back_in_run as roll_back_in_run
    from include.workflow.run import Answer as Answer
    from include.workflow.run import execute_in_run as execute_in_run
    from include.workflow.run import run_model as run_model
    from include.workflow.steps.analyze import analyze as analyze
    from include.workflow.steps.complete import log_completion as log_completion
    from include.workflow.steps.decide import decide as decide
    from include.workflow.steps.execute import execute as execute

#: The module of each.
USE_CASES = {
    "Answer": "run",
    "Deployment": "deployment",
    "analyze": "steps.analyze",
    "RetrainingTrigger": "elsewhere",
    "change_in_run": "rollback",
    "check_triggers": "caller_metrics",
    "compare_versions": "compare",
    "complete_retraining": "elsewhere",
    "decide": "steps.decide",
    "execute": "steps.execute",
    "execute_in_run": "run",
    "fail_retraining": "elsewhere",
    "hold": "approve",
    "lift_quarantine": "lift",
    "log_completion": "steps.complete",
    "migrate_records": "migrate",
    "open_deployment": "deployment",
    "publish": "publication",
    "question": "approve",
    "report_of": "report",
    "request_retrain": "request",
    "roll_back": "rollback",
    "roll_back_in_run": "rollback",
    "run_model": "run",
    "set_canary": "canary",
    "start_retraining": "elsewhere",
}


def __getattr__(name: str) -> Any:
    if name not in USE_CASES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{USE_CASES[name]}"), name)
