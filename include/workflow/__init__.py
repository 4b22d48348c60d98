"""What can be done, one function a use case: whoever asks (DAG, command line, replay) calls these, nothing below.

They are loaded when they are first named: what a function needs, such as scikit-learn, takes seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.workflow.approve import hold as hold
    from include.workflow.approve import question as question
    from include.workflow.arrivals import conf_of as conf_of
    from include.workflow.arrivals import take_arrivals as take_arrivals
    from include.workflow.audit_chain import verify_audit as verify_audit
    from include.workflow.batch import analyze_batch as analyze_batch
    from include.workflow.batch import check_again as check_again
    from include.workflow.batch import decide_batch as decide_batch
    from include.workflow.batch import settle_rest as settle_rest
    from include.workflow.batches import batches_of as batches_of
    from include.workflow.batches import label_of as label_of
    from include.workflow.calls import begin_call as begin_call
    from include.workflow.calls import drop_call as drop_call
    from include.workflow.calls import end_call as end_call
    from include.workflow.canary import set_canary as set_canary
    from include.workflow.compare import compare_versions as compare_versions
    from include.workflow.delivery import deliver as deliver
    from include.workflow.deployment import Deployment as Deployment
    from include.workflow.deployment import open_deployment as open_deployment
    from include.workflow.deployment import opened_deployment as opened_deployment
    from include.workflow.doctor import examine as examine
    from include.workflow.elsewhere import RetrainingTrigger as RetrainingTrigger
    from include.workflow.elsewhere import complete_retraining as complete_retraining
    from include.workflow.elsewhere import fail_retraining as fail_retraining
    from include.workflow.elsewhere import start_retraining as start_retraining
    from include.workflow.failure_record import failures as failures
    from include.workflow.failure_record import note_failure as note_failure
    from include.workflow.failure_record import noting as noting
    from include.workflow.failure_record import why_nothing as why_nothing
    from include.workflow.figures import statistics_of_system as statistics_of_system
    from include.workflow.identity import adopt_records as adopt_records
    from include.workflow.identity import renew_records as renew_records
    from include.workflow.identity import whereabouts as whereabouts
    from include.workflow.lift import lift_quarantine as lift_quarantine
    from include.workflow.migrate import migrate_records as migrate_records
    from include.workflow.model_files import settings_of as settings_of
    from include.workflow.monitor import health as health
    from include.workflow.on_record import audit as audit
    from include.workflow.on_record import latest_run as latest_run
    from include.workflow.on_record import lineage as lineage
    from include.workflow.outbox import notifications as notifications
    from include.workflow.outbox import notify as notify
    from include.workflow.outbox import notify_question as notify_question
    from include.workflow.people import annotate as annotate
    from include.workflow.people import annotations_of as annotations_of
    from include.workflow.people import budget_spent as budget_spent
    from include.workflow.people import check_model as check_model
    from include.workflow.people import mark_decision as mark_decision
    from include.workflow.people import marks as marks
    from include.workflow.people import mute as mute
    from include.workflow.people import mutes as mutes
    from include.workflow.people import pause_model as pause_model
    from include.workflow.people import pause_of as pause_of
    from include.workflow.people import resume_model as resume_model
    from include.workflow.people import unmute as unmute
    from include.workflow.publication import publish as publish
    from include.workflow.reading.export import export_csv as export_csv
    from include.workflow.reading.export import removed_of as removed_of
    from include.workflow.reading.export import tables_to_export as tables_to_export
    from include.workflow.reading.fleet import fleet as fleet
    from include.workflow.reading.history import history as history
    from include.workflow.reading.listed import quarantines_page as quarantines_page
    from include.workflow.reading.listed import requests_page as requests_page
    from include.workflow.reading.model_view import distribution_at as distribution_at
    from include.workflow.reading.model_view import model_view as model_view
    from include.workflow.reading.scrape import scrape as scrape
    from include.workflow.reading.what_if import what_if as what_if
    from include.workflow.report import recommendations_of as recommendations_of
    from include.workflow.report import report_of as report_of
    from include.workflow.request import request_retrain as request_retrain
    from include.workflow.retention import retain as retain
    from include.workflow.rollback import change_in_run as change_in_run
    from include.workflow.rollback import roll_back as roll_back
    from include.workflow.rollback import roll_back_in_run as roll_back_in_run
    from include.workflow.run import Answer as Answer
    from include.workflow.run import event_in_run as event_in_run
    from include.workflow.run import execute_in_run as execute_in_run
    from include.workflow.run import run_model as run_model
    from include.workflow.steps.analyze import analyze as analyze
    from include.workflow.steps.complete import log_completion as log_completion
    from include.workflow.steps.decide import decide as decide
    from include.workflow.steps.execute import execute as execute
    from include.workflow.trigger_check import check_triggers as check_triggers

#: The module of each.
USE_CASES = {
    "Deployment": "deployment",
    "adopt_records": "identity",
    "analyze": "steps.analyze",
    "analyze_batch": "batch",
    "annotate": "people",
    "annotations_of": "people",
    "Answer": "run",
    "audit": "on_record",
    "batches_of": "batches",
    "begin_call": "calls",
    "budget_spent": "people",
    "change_in_run": "rollback",
    "check_again": "batch",
    "check_model": "people",
    "check_triggers": "trigger_check",
    "RetrainingTrigger": "elsewhere",
    "compare_versions": "compare",
    "complete_retraining": "elsewhere",
    "conf_of": "arrivals",
    "decide": "steps.decide",
    "decide_batch": "batch",
    "deliver": "delivery",
    "examine": "doctor",
    "distribution_at": "reading.model_view",
    "drop_call": "calls",
    "end_call": "calls",
    "event_in_run": "run",
    "execute": "steps.execute",
    "execute_in_run": "run",
    "export_csv": "reading.export",
    "failures": "failure_record",
    "fleet": "reading.fleet",
    "health": "monitor",
    "history": "reading.history",
    "quarantines_page": "reading.listed",
    "requests_page": "reading.listed",
    "fail_retraining": "elsewhere",
    "hold": "approve",
    "label_of": "batches",
    "latest_run": "on_record",
    "lift_quarantine": "lift",
    "lineage": "on_record",
    "log_completion": "steps.complete",
    "mark_decision": "people",
    "marks": "people",
    "migrate_records": "migrate",
    "model_view": "reading.model_view",
    "mute": "people",
    "mutes": "people",
    "note_failure": "failure_record",
    "notifications": "outbox",
    "notify": "outbox",
    "notify_question": "outbox",
    "noting": "failure_record",
    "open_deployment": "deployment",
    "opened_deployment": "deployment",
    "pause_model": "people",
    "pause_of": "people",
    "publish": "publication",
    "question": "approve",
    "recommendations_of": "report",
    "removed_of": "reading.export",
    "renew_records": "identity",
    "report_of": "report",
    "request_retrain": "request",
    "resume_model": "people",
    "retain": "retention",
    "roll_back": "rollback",
    "roll_back_in_run": "rollback",
    "run_model": "run",
    "scrape": "reading.scrape",
    "settle_rest": "batch",
    "set_canary": "canary",
    "statistics_of_system": "figures",
    "tables_to_export": "reading.export",
    "take_arrivals": "arrivals",
    "unmute": "people",
    "verify_audit": "audit_chain",
    "what_if": "reading.what_if",
    "whereabouts": "identity",
    "why_nothing": "failure_record",
    "settings_of": "model_files",
    "start_retraining": "elsewhere",
}


def __getattr__(name: str) -> Any:
    if name not in USE_CASES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{USE_CASES[name]}"), name)
