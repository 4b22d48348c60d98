"""Airflow connections that the environment holds: ``AIRFLOW_CONN_<NAME>``, a URI or JSON. No secret is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from include.errors import ConfigurationError
from include.registry.home import said

_ARGUMENTS = {  # what an extra field of a connection is called by boto3's session
    "aws_access_key_id": "aws_access_key_id",
    "aws_secret_access_key": "aws_secret_access_key",
    "aws_session_token": "aws_session_token",
    "profile_name": "profile_name",
    "region_name": "region_name",
}
_EXPECTED = (
    "write aws://access-key:secret-key@/?endpoint_url=…&region_name=…, each part per cent-encoded, or the same as JSON"
)


def connection_variable(name: str) -> str:
    """The environment variable that holds an Airflow connection.

    >>> connection_variable("sales_db")
    'AIRFLOW_CONN_SALES_DB'
    """
    return f"AIRFLOW_CONN_{name.upper()}"


@dataclass(frozen=True, kw_only=True)
class AwsConnection:
    """How to reach one S3-compatible storage.

    Parameters
    ----------
    session : mapping of str to str
        Arguments of ``boto3.Session``; what is not there boto3 looks for itself (environment, profile, role of the
        machine).
    endpoint_url : str or None
        None for Amazon's own.
    verify : bool or str or None
        Whether the server's certificate is checked, or the file of authorities to check it with; None for boto3's own.
    """

    session: Mapping[str, str] = field(default_factory=dict, repr=False)
    endpoint_url: str | None = field(default=None, repr=False)
    verify: bool | str | None = None


def aws_connection(name: str, environment: Mapping[str, str] | None = None) -> AwsConnection | None:
    """Read a connection of the type ``aws`` as the amazon provider does; None for one that is not set.

    Parameters
    ----------
    environment : mapping, optional
        Default: this process's.

    Raises
    ------
    ConfigurationError
        For another type, or for a field that is understood by the provider alone (a role to assume, say).
    """
    variable = connection_variable(name)
    text = said(variable, environment)
    if not text:
        return None
    try:
        kind, login, password, extra = _parts(text)
    except (ValueError, TypeError, AttributeError):  # which may quote the text, and so the secret
        raise ConfigurationError(variable, f"cannot be read; {_EXPECTED}") from None
    if kind != "aws":
        raise ConfigurationError(variable, f"no connection of the type aws; {_EXPECTED}")
    given = {key: value for key, value in extra.items() if value not in (None, "")}
    endpoint, verify = given.pop("endpoint_url", None), given.pop("verify", None)
    if foreign := sorted(set(given) - set(_ARGUMENTS)):
        raise ConfigurationError(
            variable, f"{', '.join(foreign)}: not known outside of Airflow; known: {', '.join(_ARGUMENTS)}, "
            "endpoint_url, verify. A role to assume can stand in a profile",
        )  # fmt: skip
    session = {_ARGUMENTS[key]: str(value) for key, value in given.items()}
    if login:
        session.update(aws_access_key_id=login, aws_secret_access_key=password)
    return AwsConnection(session=session, endpoint_url=endpoint, verify=_truth(verify))


@dataclass(frozen=True, kw_only=True)
class WebConnection:
    """A server on the web: its address, and how to log in; empty for no login."""

    uri: str
    login: str = ""
    password: str = field(default="", repr=False)


def web_connection(name: str, environment: Mapping[str, str] | None = None) -> WebConnection:
    """Read a connection of the type ``http`` or ``https``; of the first, the schema ``https`` makes the second.

    Parameters
    ----------
    environment : mapping, optional
        Default: this process's.

    Raises
    ------
    ConfigurationError
        For one that is not set, or names no host.
    """
    variable = connection_variable(name)
    text = said(variable, environment)
    expected = "write http://user:password@host:port, each part per cent-encoded, or the same as JSON"
    try:
        kind, login, password, _ = _parts(text)
        if text.lstrip().startswith("{"):
            found = json.loads(text)
            host, port, schema = found.get("host"), found.get("port"), found.get("schema")
        else:
            split = urlsplit(text)
            host, port, schema = split.hostname, split.port, split.path.strip("/")
    except (ValueError, TypeError, AttributeError):  # which may quote the text, and so the secret
        raise ConfigurationError(variable, f"cannot be read; {expected}") from None
    if not host:
        raise ConfigurationError(variable, f"{'names no host' if text else 'is not set'}; {expected}")
    return WebConnection(uri=web_address(kind, schema, host, port), login=login, password=password)


def connection_extra(name: str, kind: str, environment: Mapping[str, str] | None = None) -> Mapping[str, Any] | None:
    """The extra fields of a connection of that type; None for one that is not set.

    Parameters
    ----------
    environment : mapping, optional
        Default: this process's.

    Raises
    ------
    ConfigurationError
        For one of another type, or one that cannot be read.
    """
    variable = connection_variable(name)
    text = said(variable, environment)
    if not text:
        return None
    try:
        found, _, _, extra = _parts(text)
    except (ValueError, TypeError, AttributeError):  # which may quote the text, and so the secret
        raise ConfigurationError(variable, "cannot be read; write it as JSON, with conn_type and extra") from None
    if found != kind:
        raise ConfigurationError(variable, f"no connection of the type {kind}; write it as JSON, with conn_type {kind}")
    return extra


def web_address(kind: str, schema: str | None, host: str, port: int | str | None) -> str:
    """The address that the fields of a connection come to."""
    return f"{'https' if 'https' in (schema, kind) else 'http'}://{host}{f':{port}' if port else ''}"


def _parts(text: str) -> tuple[str, str, str, dict[str, Any]]:
    """Type, login, password and extra fields."""
    if text.lstrip().startswith("{"):
        found = json.loads(text)
        extra = found.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else dict(extra)
        return found.get("conn_type") or "", found.get("login") or "", found.get("password") or "", extra
    split = urlsplit(text)
    query = dict(parse_qsl(split.query))
    extra = json.loads(query["__extra__"]) if "__extra__" in query else query
    return split.scheme, unquote(split.username or ""), unquote(split.password or ""), extra


def _truth(verify: Any) -> bool | str | None:
    return {"true": True, "false": False, "none": None}.get(str(verify).lower(), str(verify))
