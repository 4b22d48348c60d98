"""Request: ask for a retrain of a model, which its next run that may retrain consumes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.decision.request import Request
from include.errors import ConfigurationError
from include.records.masking import given_secrets, mask
from include.registry.estimators import check_requested
from include.workflow.deployment import Deployment, now
from include.workflow.run_parameters import given_name, given_reason, request_kind


def request_retrain(
    deployment: Deployment, model_name: str, reason: str, *, by: str, kind: str = "manual", key: str = "",
    hyperparameters: Mapping[str, Any] | None = None, notes: str = "", training_data_path: str = "",
) -> tuple[Request, bool]:  # fmt: skip
    """Keep a request; tell whether it is new, or was waiting already. Parameters as in `Store.add_request`.

    Raises
    ------
    ConfigurationError
        For a model without a file, for which it would wait for ever, for hyperparameters that its trainer does not
        have or that hold secrets, which the records do not keep, without a reason, and for an unknown kind.
    """
    act = f"a request for {model_name}"
    asked = request_kind(kind), given_reason(act, reason), given_name(act, by)
    spec = deployment.spec(model_name)
    settings = dict(hyperparameters or {})
    try:
        check_requested(spec.training, spec.task, settings)
    except ValueError as error:
        raise ConfigurationError(f"request for {model_name}, hyperparameters (--set)", str(error)) from error
    if secret := [name for name, value in settings.items() if _holds_secret(name, value)]:
        raise ConfigurationError(
            f"request for {model_name}, hyperparameters (--set)",
            f"a secret stands under {', '.join(secret)}, and the records keep none: give it to the training by a "
            "variable of its environment",
        )
    return deployment.store.add_request(
        model_name, *asked, at=now(), key=key, hyperparameters=settings, notes=notes,
        training_data_path=training_data_path,
    )  # fmt: skip


def _holds_secret(name: str, value: Any) -> bool:
    return any(given_secrets({name: value})) or (isinstance(value, str) and mask(value) != value)
