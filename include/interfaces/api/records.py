"""The deployment that a request works on: opened through Airflow's connections, closed when the answer is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Path

from include import workflow
from include.interfaces.api.examination import DoctorAnswer
from include.interfaces.api.texts import MODEL_NAME


def opened() -> Iterator[workflow.Deployment]:
    """This deployment, for one request; what it opened of the records is closed behind it."""
    from include.interfaces.airflow.connections import connections

    with workflow.opened_deployment(connections()) as deployment:
        yield deployment


Deployed = Annotated[workflow.Deployment, Depends(opened)]


QUICK = 0.04  # seconds that an examination has for files of each kind: a page does not wait, the command line does


def examined(deployed: workflow.Deployment) -> DoctorAnswer:
    """What the doctor finds in the deployment of this Airflow, as far as it comes at once."""
    from include.interfaces.airflow.surroundings import surroundings

    return DoctorAnswer.of(workflow.examine(deployed, seconds=QUICK, surroundings=surroundings()))


def known_model(
    model_name: Annotated[str, Path(pattern=MODEL_NAME, description="name of a registered model")], deployed: Deployed
) -> str:
    """The model that the path names; a `NotOnRecord` where it has neither a file nor a record."""
    require_known(model_name, deployed)
    return model_name


def require_known(model_name: str, deployed: workflow.Deployment) -> None:
    """Do nothing for a model with a file or a record; a `NotOnRecord` for any other."""
    workflow.check_model(deployed, model_name)


Model = Annotated[str, Depends(known_model)]
