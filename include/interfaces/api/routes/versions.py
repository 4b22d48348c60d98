"""Versions: lineage, comparison, the way back, and canaries."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from include import workflow
from include.interfaces.api.access import Caller
from include.interfaces.api.answers import CanaryAnswer, ChangeAnswer, Page, champion_changes, page_of_all
from include.interfaces.api.bodies import CanaryBody, RollbackBody
from include.interfaces.api.guards import acting, api_router
from include.interfaces.api.records import Deployed, Model
from include.interfaces.api.texts import Moment, VersionLabel
from include.interfaces.reports.lineage_text import version_json
from include.workflow.run_parameters import numbered_version, version_number

router = api_router("versions")

At = Annotated[Moment | None, Query(description="a time; without a zone it is UTC")]


@router.get("/models/{model_name}/lineage")
def lineage(model: Model, deployed: Deployed, at: At = None) -> dict[str, Any]:
    """Versions of the model, each with parents, children, scores and deployments; with `at` the champion of then."""
    found = workflow.lineage(deployed, model)
    versions = [version_json(each) for each in found.versions if at is None or each.reigned_at(at)]
    return {"model_name": model, "metric": found.metric, "versions": versions}


@router.get("/models/{model_name}/compare")
def compare(
    model: Model,
    deployed: Deployed,
    version1: VersionLabel,
    version2: VersionLabel,
    same_rows: Annotated[
        bool, Query(description="score both on the same recent rows, too: takes as long as a check")
    ] = False,
    start: At = None,
    end: At = None,
) -> dict[str, Any]:
    """Two versions side by side: metrics, settings, data and resources; gains are those of the second."""
    found = workflow.compare_versions(
        deployed, model, numbered_version(version1), numbered_version(version2), start=start, end=end,
        on_same_rows=same_rows,
    )  # fmt: skip
    return found.to_json()


@router.get("/models/{model_name}/champions")
def champions(model: Model, deployed: Deployed) -> Page[ChangeAnswer]:
    """Every change of the champion, oldest first: promotions and rollbacks, by whom and why."""
    return page_of_all(champion_changes(deployed, model))


@router.post("/models/{model_name}/rollback", dependencies=acting("retraining.rollback"))
def rollback(model: Model, deployed: Deployed, by: Caller, body: RollbackBody) -> ChangeAnswer:
    """Make a former champion champion again, once its artifact has answered. Nothing is trained."""
    change = workflow.roll_back(deployed, model, version_number(body.to), requested_by=by, reason=body.reason)
    return ChangeAnswer.of(change)


@router.get("/models/{model_name}/canary")
def canaries(model: Model, deployed: Deployed) -> Page[CanaryAnswer]:
    """Every share of the traffic that a version was given beside the champion, oldest first."""
    return page_of_all([CanaryAnswer(**vars(each)) for each in deployed.store.canaries(model)])


@router.post("/models/{model_name}/canary", dependencies=acting("retraining.canary"))
def set_canary(model: Model, deployed: Deployed, by: Caller, body: CanaryBody) -> CanaryAnswer:
    """Put down which share of the traffic a version has beside the champion; 0 ends it. It routes nothing."""
    kept = workflow.set_canary(
        deployed.store, model, numbered_version(body.version), body.share, by=by, reason=body.reason
    )
    return CanaryAnswer(**vars(kept))
