"""Airflow connections to object storage, wherever Airflow keeps them."""

from __future__ import annotations

from typing import Any

from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from include.data.connections import connection_variable
from include.data.object_storage import DEFAULT_CONNECTION, client_settings
from include.errors import ConfigurationError


def object_storage_client(connection: str) -> Any:
    """An S3 client by the amazon provider, which knows all fields of a connection, roles to assume included.

    Raises
    ------
    ConfigurationError
        When a connection that is named is not set: the provider would look for credentials elsewhere.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    name = connection or DEFAULT_CONNECTION
    if connection:
        try:
            found = BaseHook.get_connection(name)
        except AirflowNotFoundException:
            raise ConfigurationError(
                f"connection {name}", f"Airflow has none of that name; add it, or set {connection_variable(name)}"
            ) from None
        if found.conn_type != "aws":
            raise ConfigurationError(f"connection {name}", f"is of the type {found.conn_type}; aws is needed")
    return S3Hook(aws_conn_id=name, config=client_settings()).get_conn()
