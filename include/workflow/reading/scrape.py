"""What a scraper of metrics is told: read from the records at each scrape, so that it is the same for everybody."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from include.records.entries import ProblemKind, Scrape
from include.records.rows.scrape import scraped_model, totals_from_rows
from include.records.rows.watch import watched_from_row
from include.registry.model_files import model_names
from include.workflow.deployment import Deployment, now, to_come
from include.workflow.monitor import Seen, health
from include.workflow.people import QUARTER
from include.workflow.reading.given import overview_of


def scrape(deployment: Deployment, *, at: datetime | None = None) -> Scrape:
    """The models that have a file, and the system as a whole, at one moment.

    Of models whose file is gone only the totals over all models know: nobody looks at them, so that nothing is missed.

    Parameters
    ----------
    at : datetime, optional
        Now by default.

    Raises
    ------
    ConfigurationError
        When there is no folder of model files, and for records in memory.
    """
    moment = at or now()
    alarms = deployment.store.watch.false_alarms(since=moment - QUARTER, until=moment)
    pauses = deployment.store.people.pauses()
    with overview_of(deployment.store).moment() as reading:
        models, tallies, system = reading.scraped(at=moment, before=to_come(moment))
    watched = [watched_from_row(row) for row in models if row["run_id"] is not None]
    found = health(deployment, at=moment, seen=Seen(watched=watched, pauses=pauses, false_alarms=alarms)).problems
    problems = Counter(problem.kind for problem in found)
    files = set(model_names(deployment.models_dir))
    return Scrape(
        at=moment,
        models=tuple(
            scraped_model(row, false_alarms=alarms.get(row["model_name"], 0), paused=row["model_name"] in pauses)
            for row in models
            if not files or row["model_name"] in files
        ),
        totals=totals_from_rows(tallies),
        problems={kind: problems[kind] for kind in ProblemKind},
        **system,
    )
