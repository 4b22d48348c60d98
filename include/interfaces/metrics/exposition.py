"""One scrape as text, in Prometheus's own format (version 0.0.4), which every scraper reads.

It is written here and not by Prometheus's client, which takes twice as long, and which no other part of a deployment
needs. The tests read it with the client's parsers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

from include.interfaces.metrics.families import FAMILIES, Family
from include.records.entries import Scrape

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MOST_KEPT = 50_000  # labels that are not escaped anew
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def exposed(scrape: Scrape) -> str:
    """All families with their samples."""
    return "".join(line for family in FAMILIES.values() for line in _lines(family, scrape))


def _lines(family: Family, scrape: Scrape) -> Iterator[str]:
    yield f"# HELP {family.name} {family.told}\n# TYPE {family.name} {family.kind}\n"
    name, labels = family.name, family.labels
    for values, value in family.samples(scrape):
        pairs = ",".join([f'{label}="{_escaped(text)}"' for label, text in zip(labels, values, strict=True)])
        yield f"{name}{{{pairs}}} {written(value)}\n" if pairs else f"{name} {written(value)}\n"


@lru_cache(maxsize=_MOST_KEPT)
def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def written(value: float) -> str:
    """A number as Prometheus writes it.

    >>> [written(each) for each in (3, 0.25, float("inf"), float("-inf"), float("nan"))]
    ['3', '0.25', '+Inf', '-Inf', 'NaN']
    """
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
