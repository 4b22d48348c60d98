"""The REST API as a place to ask: address and token, and what its refusals come to here."""

from __future__ import annotations

import argparse
import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from include.cli.answer import note_removed
from include.errors import ConfigurationError, DataError, SourceUnavailable

API = "/retraining/api/v1"
TOKEN, ADDRESS = "RETRAINING_API_TOKEN", "RETRAINING_API_URL"  # the name of a variable
SECONDS = 120.0
HOW = "docs/rest-api.md says how to get one"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Describe how the REST API is reached."""
    parser.add_argument(
        "--url", default="",
        help=f"base address of Airflow, to ask its REST API instead of the records (default: {ADDRESS})",
    )  # fmt: skip
    parser.add_argument("--token-file", type=Path, metavar="FILE", help=f"holds a token (default: {TOKEN})")


def address_of(options: argparse.Namespace) -> str:
    """Base address of the Airflow to ask; empty for the records themselves.

    Raises
    ------
    ConfigurationError
        For one that is no address, or that holds a password.
    """
    given = str(getattr(options, "url", "") or os.environ.get(ADDRESS, "")).strip()
    if not given:
        return ""
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            "--url", f"found {given!r}; write the address of Airflow, such as http://localhost:8080"
        )
    if parts.username or parts.password:
        raise ConfigurationError("--url", f"no name or password belongs into it: give a token by {TOKEN}")
    return given.rstrip("/").removesuffix(API)


def path(*parts: object) -> str:
    """A path of the API, of parts that may hold any character.

    >>> path("models", "a/b")
    '/models/a%2Fb'
    """
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def request(
    options: argparse.Namespace, method: str, where: str, *,
    params: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None,
) -> Any:  # fmt: skip
    """What the API answers: what JSON holds, or text where it answers with a document.

    Parameters
    ----------
    params, body : mapping
        Fields that are None or empty text are left out.

    Raises
    ------
    ConfigurationError
        Without a token that can be sent.
    DataError
        Where it refuses: the message says why.
    SourceUnavailable
        Where it does not answer, or cannot.
    """
    import httpx

    base = address_of(options)
    headers = {"Authorization": f"Bearer {_token(options)}", "Accept": "*/*"}
    if method != "GET":
        headers["Idempotency-Key"] = str(uuid.uuid4())
    try:
        with httpx.Client(timeout=SECONDS) as client:
            answer = client.request(
                method, f"{base}{API}{where}", headers=headers, params=_given(params),
                json=None if method == "GET" else _given(body),
            )  # fmt: skip
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceUnavailable(f"{base} does not answer: {str(error) or type(error).__name__}") from error
    return _told(answer, base, document=(params or {}).get("format") == "html")


def _told(answer: Any, base: str, *, document: bool) -> Any:
    media = answer.headers.get("content-type", "").partition(";")[0]
    page = media == "text/html" and not document  # of a proxy, or of Airflow itself where it lacks this package
    if answer.is_success and not page:
        note_removed(answer.headers.get("x-removed", ""))
        return answer.json() if media == "application/json" else answer.text
    said = answer.json().get("detail", "") if media.endswith("json") else ""
    if answer.status_code >= 500 or answer.status_code == 429:
        raise SourceUnavailable(f"{base}: {said or f'it failed with {answer.status_code}'}")
    if answer.status_code in (401, 403):
        raise DataError(
            f"{base}: {said or answer.status_code}; is the token in {TOKEN} right, and may its owner? {HOW}"
        )
    if not said:
        raise DataError(f"{base}{API} answers with {answer.status_code}: is that an Airflow with this package?")
    raise DataError(str(said))


def _given(fields: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (fields or {}).items() if value is not None and value != ""}


def _token(options: argparse.Namespace) -> str:
    """The token; a process list shows what stands on a command line, so there is no flag for it."""
    file = getattr(options, "token_file", None)
    where = TOKEN if file is None else str(file)
    found = os.environ.get(TOKEN, "") if file is None else file.read_text(encoding="utf-8", errors="replace")
    if not found.strip():
        raise ConfigurationError(where, f"no token in it; {HOW}")
    if not re.fullmatch(r"[\x21-\x7e]+", found.strip()):
        raise ConfigurationError(where, f"what it holds is no token, which has no blanks and one line; {HOW}")
    return found.strip()
