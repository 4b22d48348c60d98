"""Objects in S3-compatible storage, whole or not at all, with errors that name bucket and key and no secret.

boto3 comes with Airflow's amazon provider. s3fs, which Airflow's ``ObjectStoragePath`` needs for S3, pins an older
botocore than the provider's boto3 takes (ADR 0014).
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from include.data.sources.environment import aws_connection, connection_variable
from include.errors import ConfigurationError, SourceUnavailable
from include.registry.address import Address

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DEFAULT_CONNECTION = "aws_default"  # as in Airflow; where it is not set, boto3 looks for credentials itself
ATTEMPTS = 3
CONNECT_SECONDS, READ_SECONDS = 10, 60

Connect = Callable[[str], Any]
"""Makes a boto3 S3 client of the name of an Airflow connection; '' for the default one."""

_MISSING = {"NoSuchKey", "404", "NotFound"}
_REFUSED = {
    "AccessDenied", "AllAccessDisabled", "ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch",
    "401", "403",
}  # fmt: skip
_CHANGED = {"PreconditionFailed", "412"}
_HINTS = {
    "InvalidObjectState": "the object is archived; restore it, or move it away from the rows",
    "400": "see the connection's keys, which may have expired, its region_name, and the clock of this machine",
    "301": "the bucket is in another region, or the server at another address; see region_name and endpoint_url",
    "PermanentRedirect": "the bucket is in another region; see region_name and endpoint_url",
}  # fmt: skip


def client_settings() -> Any:
    """What every client is told: short waits, few attempts, and nothing that only Amazon's own servers know."""
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        request_checksum_calculation="when_required", response_checksum_validation="when_required",
    )  # fmt: skip


@cache
def _descriptions() -> Any:
    """What botocore knows of each service; to read it takes 0.1 s, which every client would take for itself."""
    from botocore.loaders import create_loader

    return create_loader(os.environ.get("AWS_DATA_PATH"))


@lru_cache(maxsize=16)
def client_from_environment(connection: str) -> Any:
    """A client by the connection that the environment holds; see `Connect`.

    Raises
    ------
    ConfigurationError
        When a connection that is named is not set, or is no usable one.
    """
    import boto3
    import botocore.session
    from botocore.exceptions import BotoCoreError

    name = connection or DEFAULT_CONNECTION
    found = aws_connection(name)
    if found is None and connection:
        raise ConfigurationError(connection_variable(name), f"not set, but files are read by connection {name!r}")
    given = {} if found is None else {"endpoint_url": found.endpoint_url, "verify": found.verify}
    try:
        below = botocore.session.Session()
        below.register_component("data_loader", _descriptions())
        session = boto3.Session(botocore_session=below, **({} if found is None else found.session))
        return session.client("s3", config=client_settings(), **given)
    except (BotoCoreError, ValueError) as error:
        raise ConfigurationError(connection_variable(name), f"no client can be made: {type(error).__name__}") from None


@dataclass(frozen=True)
class Stored:
    """One object: its key, its size in bytes, and the tag that changes with its content."""

    key: str
    size: int
    tag: str


@dataclass(frozen=True)
class Bucket:
    """One bucket.

    Every method raises a `SourceUnavailable` when the server cannot be reached or is overloaded, and a
    `ConfigurationError` when it refuses the credentials or does not know the bucket. Those of one object raise a
    `FileNotFoundError` when there is none.
    """

    client: Any
    name: str

    def find(self, key: str) -> Stored:
        """What is known of an object."""
        with self._told(key):
            found = self.client.head_object(Bucket=self.name, Key=key)
            return Stored(key, found["ContentLength"], found["ETag"])

    def below(self, prefix: str) -> list[Stored]:
        """All objects whose keys begin so, by key."""
        with self._told(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
            entries = [entry for page in pages for entry in page.get("Contents", ())]
            return [Stored(entry["Key"], entry["Size"], entry["ETag"]) for entry in entries]

    def read(self, key: str) -> bytes:
        """All of an object."""
        with self._told(key):
            content: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
            return content

    def part(self, stored: Stored, start: int, size: int) -> bytes:
        """Some bytes of an object; a `SourceUnavailable` when it is another one by now."""
        with self._told(stored.key):
            asked = {"Range": f"bytes={start}-{start + size - 1}", "IfMatch": stored.tag}
            content: bytes = self.client.get_object(Bucket=self.name, Key=stored.key, **asked)["Body"].read()
            return content

    def fetch(self, key: str, file: Path) -> None:
        """Write an object to a file."""
        with self._told(key), file.open("wb") as target:
            shutil.copyfileobj(self.client.get_object(Bucket=self.name, Key=key)["Body"], target, 1 << 20)

    def put(self, key: str, content: bytes | IO[bytes]) -> None:
        """Write an object in one request, in place of what has that key: readers see either, never a part."""
        with self._told(key):
            self.client.put_object(Bucket=self.name, Key=key, Body=content)

    def remove(self, key: str) -> None:
        """Remove an object; it need not be there."""
        with self._told(key):
            self.client.delete_object(Bucket=self.name, Key=key)

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """boto3's errors as ours. Its messages are not passed on: they quote addresses, which may hold secrets."""
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
        from botocore.parsers import ResponseParserError

        where = Address(bucket=self.name, key=key)
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise ConfigurationError(where, f"no credentials for it: {type(error).__name__}") from None
        except ClientError as error:
            raise _refusal(where, error.response.get("Error", {}).get("Code", "")) from None
        except BotoCoreError as error:
            raise SourceUnavailable(
                f"{where}: its server cannot be reached, or broke off: {type(error).__name__}; see whether it is up, "
                "and whether the connection has the right endpoint_url"
            ) from None
        except (KeyError, RecursionError, ResponseParserError) as error:  # no tag, or sent on and on
            raise SourceUnavailable(
                f"{where}: what answers is no object storage ({type(error).__name__}), but maybe a web page, or a "
                "server that sends elsewhere; see whether the connection has the right endpoint_url"
            ) from None


class ObjectFile(io.RawIOBase):
    """An object as a file for reading: each reading is one request for just those bytes, of the object as opened."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._stored, self._at = bucket, bucket.find(key), 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next reading begins."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, counted from the beginning, from here, or from the end."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._stored.size}[whence]
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read as many bytes as fit, or as are left."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._stored.size - self._at)
        if wanted <= 0:
            return 0
        view[:wanted] = self._bucket.part(self._stored, self._at, wanted)
        self._at += wanted
        return wanted


def _refusal(where: Address, code: str) -> Exception:
    """What an error code of the server means for the caller."""
    if code in _MISSING:
        return FileNotFoundError(f"{where}: no such object")
    if code == "NoSuchBucket":
        return ConfigurationError(where, "no such bucket; create it or correct the name")
    if code in _REFUSED:
        return ConfigurationError(where, f"the server refuses: {code}; see the connection's keys and what they may do")
    if code in _CHANGED:
        return SourceUnavailable(f"{where}: another object by now than when it was opened")
    return SourceUnavailable(": ".join(filter(None, (f"{where}: the server answers {code}", _HINTS.get(code)))))
