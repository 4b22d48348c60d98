"""Secrets in text that is kept or shown: found by value, as this process holds them, and by form.

By value: passwords and keys of connections (``AIRFLOW_CONN_…``), of every other variable of the environment whose name
says so or whose value is an address with a password, and whatever `remember` was given; however it is written: see
`include.records.written_secret`. By form, such as ``password=…``: see `include.records.secret_forms`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from include.records.secret_forms import END, WORD, without_forms
from include.records.written_secret import Written, usual_ways, without_broken

SHORTEST = 5  # characters of a value that is looked for by itself; a shorter one would blot out half of every text
_WORDS = frozenset(  # which are no secret, and stand in many a text
    (
        "admin", "airflow", "analytics", "database", "default", "disabled", "enabled", "false", "guest", "local",
        "localhost", "minio", "minioadmin", "mlflow", "none", "null", "password", "passwd", "postgres", "postgresql",
        "public", "retraining", "root", "secret", "token", "true", "username",
    )
)  # fmt: skip
_NAMED = re.compile(rf"(?:^|[_\W])(?:\w*(?:{WORD})\w*)", re.IGNORECASE)
_FOLDERS = ("PWD", "OLDPWD")  # of a shell: where it is, and was
_NO_SECRET = re.compile(r"(?:file|path|dir|folder|seconds|days|expir\w*|id|name|url|type|cmd)$", re.IGNORECASE)

_PLAIN = re.compile(r"[\d.,:-]*")
_FIELD = re.compile(rf"[\w.-]*(?:{WORD}){END}", re.IGNORECASE)
#: Names of which every value is a secret, a plain word too.
_SURELY = re.compile(r"passw|passphrase|pwd|secret|kennwort|mot_?de_?passe|contrase", re.IGNORECASE)
#: Such as what a tokenizer knows by name ([MASK], <pad>, |), and names of several words: serving_default.
_WORDLIKE = re.compile(r"[^\W\d_]*|[a-z_.: -]*|\W*|[<\[].*[>\]]")
_KEY = re.compile(r"(?=.*[A-Za-z])(?=.*\d)(?!.*://).{16,}", re.DOTALL)  # long, and no word
_remembered: set[str] = set()


def mask(text: str) -> str:
    r"""`text` with ``***`` in place of every secret.

    >>> mask("no answer: postgresql://me:p@ss/word@host/db, PGPASSWORD='my own', Authorization: Bearer abcdef1")
    'no answer: postgresql://me:***@host/db, PGPASSWORD=***, Authorization: ***'
    """
    return masker()(text)


def masker() -> Callable[[str], str]:
    """What `mask` does, for many texts: the environment is looked at once."""
    secrets = _looked_for(frozenset(os.environ.items()), frozenset(_remembered))

    @lru_cache(maxsize=1_024)  # names of columns and of statistics come many times
    def masked(text: str) -> str:
        for secret in secrets:
            text = secret.without(text)
        return without_forms(without_broken(text, secrets))

    return masked


def known_secrets() -> tuple[str, ...]:
    """Each secret of this process in the usual ways of writing it, for maskers that look for text as it is."""
    known = secrets_of(os.environ) | _remembered
    return tuple(sorted({way for each in known for way in usual_ways(each)}, key=lambda each: (-len(each), each)))


def remember(*secrets: str | None) -> None:
    """Look for these values from now on; for what only a secrets backend holds."""
    _remembered.update(_worth(secrets))


def remember_passed_on(values: Iterable[str]) -> None:
    """Look for values that a program of somebody is given, which may print them; not for paths and numbers."""
    remember(*(value for value in values if not value.startswith(("/", "./", "~")) and not _PLAIN.fullmatch(value)))


def remember_keys(values: Iterable[str]) -> None:
    """Look for those that look like keys, of values that programs are given and that this process only tells about."""
    remember_passed_on(value for value in values if _KEY.fullmatch(value))


def remember_settings(*settings: Any) -> None:
    """Look for what settings give as a secret, such as those of a model file: see `given_secrets`."""
    remember(*given_secrets(settings))


def given_secrets(settings: Any) -> Iterator[str]:
    """What nested settings give as a secret: under a name or after a flag that says so, or in an address.

    >>> list(given_secrets({"api_key": "a4711", "command": ["train", "--token", "b4711"], "pad_token": "<pad>"}))
    ['a4711', 'b4711']
    """
    if isinstance(settings, Mapping):
        for name, value in settings.items():
            yield from [value] if gives_secret(str(name), value) else given_secrets(value)
    elif isinstance(settings, list | tuple):
        for before, value in pairwise(("", *settings)):
            flag = str(before)
            yield from [value] if flag.startswith("-") and gives_secret(flag, value) else given_secrets(value)
    elif isinstance(settings, str):
        name, _, value = settings.partition("=")
        if "://" in settings:
            yield from _of_connection(settings)
        elif value and gives_secret(name, value):
            yield value


def gives_secret(name: str, value: Any) -> bool:
    """Whether a field or a flag says by its name that its text is a secret; of ``token`` and such a word is none."""
    if not isinstance(value, str) or not _FIELD.fullmatch(name):
        return False
    return bool(_SURELY.search(name)) or not (_WORDLIKE.fullmatch(value) or _PLAIN.fullmatch(value))


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """The secrets that an environment holds.

    >>> sorted(secrets_of({"AIRFLOW_CONN_SHOP": "postgresql://me:hunter%212@host/db", "MY_TOKEN": "abcdef", "A": "/x"}))
    ['abcdef', 'hunter!2', 'hunter%212']
    """
    found: list[str | None] = []
    for name, value in environment.items():
        if "://" in value or value.lstrip().startswith("{"):
            found += _of_connection(value)
        elif name not in _FOLDERS and _NAMED.search(name) and not _NO_SECRET.search(name):
            found.append(value.strip())
    return _worth(found)


def _of_connection(text: str) -> Iterator[str]:
    """The secrets of a connection, as an address or as JSON."""
    try:
        if text.lstrip().startswith("{"):
            yield from _of_fields(json.loads(text))
            return
        split = urlsplit(text.strip())
        raw = text.partition("://")[2].rpartition("@")[0].partition(":")[2]
        yield from filter(None, (raw, unquote(raw), split.password, unquote(split.password or "")))
        for name, value in parse_qsl(split.query):
            yield from _of_fields({name: value})
    except ValueError:  # no address; what it holds is found by its form
        return


def _of_fields(fields: Any) -> Iterator[str]:
    if not isinstance(fields, Mapping):
        return
    for name, value in fields.items():
        if isinstance(value, str) and value.lstrip().startswith("{"):
            yield from _of_connection(value)
        elif isinstance(value, Mapping):
            yield from _of_fields(value)
        elif isinstance(value, str) and _NAMED.search(str(name)) and not _NO_SECRET.search(str(name)):
            yield value


def _worth(values: Iterable[str | None]) -> set[str]:
    return {each for each in values if each and len(each) >= SHORTEST and each.casefold() not in _WORDS}


@lru_cache(maxsize=4)
def _looked_for(environment: frozenset[tuple[str, str]], remembered: frozenset[str]) -> tuple[Written, ...]:
    """Each secret, the longest first."""
    known = secrets_of(dict(environment)) | remembered
    return tuple(Written.of(each) for each in sorted(known, key=lambda each: (-len(each), each)))
