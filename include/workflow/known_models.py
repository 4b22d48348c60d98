"""Whether there is a model of a name: what the commands ask before they show that nothing is on record."""

from __future__ import annotations

from include.errors import DataError
from include.workflow.settings import Settings


def check_known(*model_names: str) -> None:
    """Do nothing for models that are on record or have a file, whether anything has happened to them or not.

    Raises
    ------
    DataError
        For the first that is neither, so that a name mistyped is not taken for a model without a history.
    """
    from include.records.postgres.session import transaction
    from include.registry.model_files import list_model_files
    from include.workflow.deployment import records_connection

    if not model_names:
        return
    settings = Settings.from_environment()
    folder = settings.models_dir
    files = {file.stem for file in list_model_files(folder)} if folder.is_dir() else set()
    with transaction(records_connection(settings)) as session:
        for name in model_names:
            if not session.one("find_model", {"model_name": name})["known"] and name not in files:
                raise DataError(
                    f"model {name}: nothing is on record of it, and {folder} has no file of that name; correct the name"
                )
