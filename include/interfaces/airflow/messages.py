"""Notifications in Airflow: the task that tells, the services of a connection, a notifier for DAGs of one's own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.bases.notifier import BaseNotifier
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException

from include import workflow
from include.errors import ConfigurationError, DeliveryPutOff
from include.interfaces.airflow.outcomes import task_outcome
from include.interfaces.notifications.courier import ServicesCourier
from include.interfaces.notifications.plain import say
from include.interfaces.notifications.services import Place, places

TASK_SECONDS = 120.0  # in which messages are begun; the task's own limit is longer
APPROVAL_SECONDS = 15.0

log = logging.getLogger(__name__)


def services() -> Sequence[Place]:
    """The services of the connection that ``RETRAINING_NOTIFY_CONNECTION`` names, wherever Airflow keeps it."""
    return places(find=_extra)


def tell_people(deployment: workflow.Deployment, run_id: str) -> str:
    """Write what there is to tell, and send what is due; what it came to, in a line.

    Raises
    ------
    DeliveryPutOff
        When a service did not take it, or there was no time for all: to be tried again.
    """
    with workflow.noting(deployment, run_id, step="notify"):
        written = workflow.notify(deployment, run_id=run_id)
        found = workflow.deliver(deployment, ServicesCourier(places=services()), run_id=run_id, seconds=TASK_SECONDS)
    came_to = f"notifications written: {len(written)}; messages sent: {found.sent}, failed: {found.failed}"
    for error in found.errors:
        log.warning("%s", error)
    if found.waiting:
        raise DeliveryPutOff(f"{came_to}; to be sent again: {found.waiting}")
    return came_to


def tell_approval(deployment: workflow.Deployment, event_id: int) -> None:
    """Tell at once that a retrain waits for approval; whatever goes wrong is a warning, and the question is put."""
    try:
        if workflow.notify_question(deployment, event_id):
            courier = ServicesCourier(places=services(), seconds=APPROVAL_SECONDS / 3)
            found = workflow.deliver(deployment, courier, seconds=APPROVAL_SECONDS)
            for error in found.errors:
                log.warning("%s", error)
    except Exception as error:
        log.warning("event %s: nobody could be told that it waits: %s: %s", event_id, type(error).__name__, error)


def tell_people_in_run(dag_run: Any, task: Any) -> str:
    """The task at the end of a run: fails as long as it is tried again, and never the last time.

    So a service that is away, or a wrong connection, leaves the run as green as the models are.
    """
    try:
        with task_outcome() as deployment:
            return tell_people(deployment, dag_run.run_id)
    except Exception as error:
        permanent = isinstance(error, AirflowFailException)
        if not permanent and int(task.try_number) <= int(task.max_tries):
            raise
        log.error("not everybody could be told; the next run tries again: %s: %s", type(error).__name__, error)
        return f"not everybody could be told: {error}"


def _extra(name: str) -> Mapping[str, Any] | None:
    """The extra fields of an Airflow connection of the type ``apprise``; None where there is none."""
    try:
        found = Connection.get(name)
    except AirflowNotFoundException:
        return None
    if found.conn_type != "apprise":
        raise ConfigurationError(f"connection {name}", f"is of the type {found.conn_type}; apprise is needed")
    extra = found.extra_dejson
    return extra if isinstance(extra, Mapping) else {}


class RetrainingNotifier(BaseNotifier):  # type: ignore[misc]  # the provider has no types
    """Tells the same services what a DAG of one's own has to say, for example as ``on_failure_callback``.

    Parameters
    ----------
    title, text : str
        Templates of Airflow.
    severity : {"LOW", "MEDIUM", "HIGH", "CRITICAL"}
    services : sequence of str
        Tags of the services; none for all.
    """

    template_fields = ("title", "text")

    def __init__(
        self, *, title: str, text: str, severity: str = "HIGH", services: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.title, self.text, self.severity, self.services = title, text, severity, list(services)

    def notify(self, context: Any) -> None:
        """Send it; a service that fails is a warning in the log."""
        for error in say(services(), title=self.title, text=self.text, severity=self.severity, tags=self.services):
            log.warning("%s", error)
