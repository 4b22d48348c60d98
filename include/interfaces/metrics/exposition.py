"""One scrape as text, in the format that the scraper asks for."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from include.interfaces.metrics.families import FAMILIES, Family, Kind
from include.records.entries import Scrape

_SHAPES = {Kind.COUNTER: CounterMetricFamily, Kind.GAUGE: GaugeMetricFamily}


class _Scraped(Collector):
    """The families of one scrape."""

    def __init__(self, scrape: Scrape) -> None:
        self._scrape = scrape

    def collect(self) -> Iterator[Metric]:
        """Each family with its samples."""
        for family in FAMILIES.values():
            yield _shaped(family, self._scrape)


def exposed(scrape: Scrape, accept: str = "") -> tuple[bytes, str]:
    """The text and its media type.

    Parameters
    ----------
    accept : str
        The header ``Accept`` of the scraper: OpenMetrics where it asks for that, else Prometheus's own format.
    """
    registry = CollectorRegistry()
    registry.register(_Scraped(scrape))
    encoder, media_type = choose_encoder(accept)
    return encoder(registry), media_type


def _shaped(family: Family, scrape: Scrape) -> Metric:
    shape: CounterMetricFamily | GaugeMetricFamily = _SHAPES[family.kind](
        family.name, family.told, labels=family.labels
    )
    for labels, value in family.samples(scrape):
        shape.add_metric(labels, value)
    return shape
