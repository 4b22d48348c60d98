"""Places in S3-compatible storage."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCHEME = "s3://"

_ADDRESS = re.compile(r"s3://(?:([A-Za-z][A-Za-z0-9_]*)@)?([A-Za-z0-9][A-Za-z0-9._-]{1,254})(?:/(.*))?", re.DOTALL)

_OTHER_SCHEME = re.compile(r"(?!s3://)[a-z][a-z0-9+.-]{0,20}://", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Address:
    """A place in a bucket. `key` is that of an object, or a prefix; `connection` may be empty."""

    bucket: str
    key: str
    connection: str = ""

    @classmethod
    def of(cls, text: str) -> Address:
        """Read ``s3://bucket/key`` or, as Airflow writes it, ``s3://connection@bucket/key``; else a ValueError.

        >>> Address.of("s3://sales_s3@shop/2026/*.parquet").key
        '2026/*.parquet'
        """
        if other := _OTHER_SCHEME.match(text):
            raise ValueError(f"write s3://bucket/key, or a path of this machine by itself: {other[0]} is not read")
        match = _ADDRESS.fullmatch(text)
        if match is None:  # not quoted: it may hold a secret
            raise ValueError("write s3://bucket/key, without access keys: those belong into an Airflow connection")
        return cls(bucket=match[2], key=(match[3] or "").rstrip("/"), connection=match[1] or "")

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"
