"""Secrets in text that is kept or shown: found by value, as this process holds them, and by form.

By value: passwords and keys of connections (``AIRFLOW_CONN_…``), of every other variable of the environment whose name
says so or whose value is an address with a password, and whatever `remember` was given; however it is written: see
`include.records.written_secret`. By form: addresses with a
password, settings such as ``password=…``, headers, well-known kinds of tokens.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from include.records.written_secret import BLOT, Written, usual_ways

SHORTEST = 5  # characters of a value that is looked for by itself; a shorter one would blot out half of every text
_WORDS = frozenset(  # which are no secret, and stand in many a text
    (
        "admin", "airflow", "analytics", "database", "default", "disabled", "enabled", "false", "guest", "local",
        "localhost", "minio", "minioadmin", "mlflow", "none", "null", "password", "passwd", "postgres", "postgresql",
        "public", "retraining", "root", "secret", "token", "true", "username",
    )
)  # fmt: skip
_WORD = r"pass(?:word|wd|phrase|wort)|(?<![a-z])pass(?![a-z])|pwd|secret|token|credentials?|authorization|signature"
_WORD += r"|(?<=_)pw(?![a-z])|bindpw|kennwort|mot_?de_?passe|contrase(?:ñ|n)a|routing[_-]?key|(?:password|secret)s"
_WORD += r"|webhook|dsn|(?:api|access|account|private|encryption|fernet|signing)[_-]?key"
_END = r"(?:[_.-]?(?:key|value|json|hash|base64|text|new|old|prod|dev|test|main|\d+))?(?![\w.-])"
_NAMED = re.compile(rf"(?:^|[_\W])(?:\w*(?:{_WORD})\w*)", re.IGNORECASE)
_FOLDERS = ("PWD", "OLDPWD")  # of a shell: where it is, and was
_NO_SECRET = re.compile(r"(?:file|path|dir|folder|seconds|days|expir\w*|id|name|url|type|cmd)$", re.IGNORECASE)

_URL = re.compile(r"(?P<head>\b[a-z][\w+.-]*://[^\s:/@]*:)\S*(?=@)", re.IGNORECASE)
_URL_TOKEN = re.compile(r"(\bhttps?://)[^\s/@:]+(?=@)", re.IGNORECASE)
_VALUE = (
    r"(?:&quot;.*?&quot;|\[[^\]]*\]"
    r"|(?P<slashes>\\*)(?P<mark>[\"'])(?:\\.|(?!(?P=mark)).)*?(?P=slashes)(?P=mark)|\{[^}]*\}|(?:bearer|basic)\s+\S+"
    r"|[^\s,;&}\]<>\"']\S*)"
)
_SETTING = re.compile(
    rf"(?P<head>(?<![A-Za-z])[\w.-]*(?:{_WORD}|\bsig){_END}\\*[\"']?\]?\s*(?:=>|:=|[=:]|%3D)\s*){_VALUE}",
    re.IGNORECASE,
)
_YAML = re.compile(rf"(?P<head>(?<![\w.-])[\w.-]*(?:{_WORD}){_END}:[ \t]+)[^\s\"',;}}][^\n,;}}]*", re.IGNORECASE)
_FLAG = re.compile(
    rf"(?P<head>(?<![\w-])--?[\w-]*(?:{_WORD})[\w-]*(?:[\"'],)?\s+)(?:'[^']*'|\"[^\"]*\"|[^\s-]\S*)", re.IGNORECASE
)
_SQL = re.compile(
    r"(?P<head>\b(?:password(?:\s+(?:is|was))?|identified\s+by)\s+)(?:[EU]?'(?:[^']|'')*'|\"[^\"]*\")", re.IGNORECASE
)  # fmt: skip
_ELEMENT = re.compile(rf"(?P<head><(?P<name>[\w:.-]*(?:{_WORD})[\w:.-]*)[^>]*>)[^<]*(?=</(?P=name))", re.IGNORECASE)
_HEADER = re.compile(r"(?P<head>\bbearer\s+)[\w.~+/=-]{6,}|(?P<basic>\bbasic\s+)[A-Za-z0-9+/]{12,}=*", re.IGNORECASE)
_KINDS = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abposr]-[\w-]{10,}|sk-[\w-]{20,}|hf_\w{20,}"
    r"|dapi[0-9a-f]{32}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|[rs]k_(?:live|test)_\w{16,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,})|\bSCRAM-SHA-256\$[^\s'\"]+|\bmd5[0-9a-f]{32}\b"
)
_HOOK = re.compile(  # addresses that are secrets as a whole: whoever knows them may write there
    r"(?P<head>\bhttps://(?:hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/"
    r"|api\.telegram\.org/(?:file/)?bot|[\w.-]*webhook\.office\.com/webhookb2/|chat\.googleapis\.com/v1/spaces/)"
    r"|\b(?:slack|discord|tgram|msteams|workflows|gchat|pover|pbul|ntfys?|mmosts?|rockets?|matrixs?|jsons?|xmls?)://)"
    r"[^\s\"'<>]+",
    re.IGNORECASE,
)
_COOKIE = re.compile(r"(?P<head>\b(?:set-)?cookie[\"']?:[ \t]*[\"']?)[^\n\"']+", re.IGNORECASE)
_BLANKS = re.compile(  # of databases, where a password was not per cent-encoded
    r"(?P<head>\b(?:postgres(?:ql)?|mysql|mariadb|redis|amqp|mongodb)(?:\+\w+)?://[^\s:/@]*:)[^@/]*(?=@)", re.IGNORECASE
)
_PARTED = re.compile(  # its name and its value as values of their own, as Kubernetes writes variables
    rf"(?P<head>\bname[\"']?\s*[:=]\s*[\"']?[\w.-]*(?:{_WORD})[\w.-]*[\"']?[,\s]+[\"']?value[\"']?\s*[:=]\s*)"
    r"(?:\"[^\"]*\"|'[^']*'|[^\s\"',}]+)",
    re.IGNORECASE,
)
_BLOCK = re.compile(rf"(?P<head>[\w.-]*(?:{_WORD})[\"']?:[ \t]*[|>][+-]?\n)(?:[ \t]+[^\n]*\n?)+", re.IGNORECASE)
_PAIR = re.compile(
    r"(?P<head>[\"'](?:x-)?(?:api[_-]?key|(?:proxy-)?authorization|(?:auth|access|gitlab|vault)[_-]?token)[\"']\s*,\s*)"
    r"(?:\"[^\"]*\"|'[^']*')",
    re.IGNORECASE,
)
_TUPLE = re.compile(  # as drivers tell parameters
    rf"(?P<head>\(\s*(?P<mark>[\"'])[\w.-]*(?:{_WORD}){_END}(?P=mark)\s*,\s*)(?:\"[^\"]*\"|'[^']*')(?=\s*[,)])",
    re.IGNORECASE,
)
_HTML = re.compile(
    rf"(?P<head>&(?P<mark>quot|\#39);[\w.-]*(?:{_WORD}){_END}&(?P=mark);\s*[,:=]\s*)&(?:quot|\#39);.*?&(?:quot|\#39);",
    re.IGNORECASE,
)
_SAID = re.compile(  # values of letters and digits alone are no words such as "wrong"
    rf"(?P<head>(?:\b(?:pass(?:word|phrase)|secret)(?:\s+(?:is|was))?[ ]|\b[\w.-]*(?:{_WORD}){_END}\t+|(?<!\S)-p\s+))"
    r"(?=\S*[A-Za-z])(?=\S*\d)[^\s,;\"']{5,}",
    re.IGNORECASE,
)
_DOCKER = re.compile(r"(?P<head>\"auth\"\s*:\s*)\"[^\"]*\"", re.IGNORECASE)
_QUERY = re.compile(r"(?P<head>\bhttps?://[^\s\"'<>]*?[?&](?:code|key)=)[^&\s\"'<>]+", re.IGNORECASE)
_LOGIN = re.compile(r"(?P<head>\bsshpass\s+-p\s*|\blogin\s+\S+\s+password\s+)[^\s]+", re.IGNORECASE)
_PGPASS = re.compile(r"(?P<head>(?<![\w:/.-])[A-Za-z*][\w.*-]*:(?:\d{4,5}|\*):[\w*-]+:[\w*-]+:)[^\s:]+")
_PYDANTIC = re.compile(
    rf"(?P<head>\b\w*(?:{_WORD})\w*\n[^\n]*?input_value=)(?:'[^']*'|\"[^\"]*\"|[^,\]]+)", re.IGNORECASE
)
_USER = re.compile(r"(?P<head>(?<!\S)(?:-u|--(?:proxy-)?user)[ =]?[\"']?[^\s:\"']+:)[^\s\"']+")
_MYSQL = re.compile(r"(?P<head>\b(?:mysql|mysqldump|mariadb|sqlcmd|bcp)\b[^\n]*?\s-[pP])[^\s-]\S*")
_ORACLE = re.compile(r"(?P<head>(?::thin:|\bsqlplus\s+(?:-\S+\s+)*)[^\s/@]+/)[^\s@]+", re.IGNORECASE)
_EASY = re.compile(r"(?P<head>(?<![\w:/.@-])[A-Za-z]\w*/)[^\s/@:]+(?=@(?://)?[\w.-]+(?::\d{2,5})?/\w)")  # of Oracle
_AUTH = re.compile(
    r"(?P<head>\bauth\s*=\s*\(\s*(?P<mark>[\"'])[^\"']*(?P=mark)\s*,\s*)(?:\"[^\"]*\"|'[^']*')"
)  # of requests
_PRIVATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_FORMS = (
    _BLANKS, _PARTED, _BLOCK, _QUERY, _LOGIN, _PGPASS, _PYDANTIC, _HOOK, _COOKIE, _USER, _MYSQL, _ORACLE, _YAML,
    _ELEMENT, _SQL, _SETTING, _FLAG, _PAIR, _TUPLE, _HTML, _SAID, _DOCKER, _EASY, _AUTH,
)  # fmt: skip
_SOME = re.compile(
    rf"://|{_WORD}|\bsig\b|identified|bearer|basic|-----BEGIN|cookie|(?<!\S)-[up]|--\S*user|:thin:|sqlplus"
    r"|\"auth\"|\blogin\b|:(?:\d{4,5}|\*):|\w/[^\s/@]+@|\bauth\s*=",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[\d.,:-]*")
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
        return _KINDS.sub(BLOT, _without_forms(text) if _SOME.search(text) else text)

    return masked


def _without_forms(text: str) -> str:
    text = _PRIVATE.sub(BLOT, text)
    text = _URL_TOKEN.sub(rf"\1{BLOT}", _URL.sub(rf"\g<head>{BLOT}", text))
    for form in _FORMS:
        text = form.sub(rf"\g<head>{BLOT}", text)
    return _HEADER.sub(lambda found: f"{found['head'] or found['basic']}{BLOT}", text)


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
