"""The doctor: what is going to stop models, each with a way out, before a run meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Thread

from psycopg.errors import LockNotAvailable

from include.decision.decision import Severity
from include.errors import ConfigurationError, RetrainingError
from include.records.entries import Checked, Examination, Surroundings
from include.records.entries.examination import Finding, NotLookedAt, Seen, Told
from include.records.masking import mask
from include.workflow.deployment import Deployment, now
from include.workflow.examination.catalogue import CHECKS, WITHOUT_RECORDS
from include.workflow.examination.subject import OUTSIDE, SECONDS, Subject
from include.workflow.refusals import refusal_of

REACHED = "reached"  # the check before all others
ANSWER = 5.0  # seconds for it
LOCKED = "one of its tables is locked"  # then each look at the records would wait for it


def examine(
    deployment: Deployment, *, deep: bool = False, seconds: float = SECONDS,
    surroundings: Surroundings | None = None, unasked: str = "", at: datetime | None = None,
) -> Examination:  # fmt: skip
    """Look at all that may stop models: records, artifacts, libraries, model files, Airflow, this machine.

    Nothing is written. With a thousand models it takes a few seconds; what there was no time for is told.

    Parameters
    ----------
    deep : bool
        Load and ask every champion, and read all files, however long that takes.
    seconds : float
        For each of the four things that grow with the models, unless it is deep.
    surroundings : Surroundings, optional
        What Airflow says of itself, where somebody could ask it.
    unasked : str
        Why nobody could.
    """
    subject = Subject(
        deployment, at or now(), deep=deep, seconds=seconds, surroundings=surroundings, unasked=unasked or OUTSIDE
    )
    checks, away = [], ""
    if deployment.connect is not None:
        checks.append(_made(REACHED, _reached, subject))
        away = "the records database cannot be reached" if checks[0].findings else ""
    for name, check in CHECKS.items():
        if away and name not in WITHOUT_RECORDS:
            checks.append(Checked(check=name, not_looked_at=(away,)))
        else:
            checks.append(_made(name, check, subject))
            away = LOCKED if any(each.told == LOCKED for each in checks[-1].findings) else away
    return Examination(at=subject.at, checks=tuple(checks))


def _reached(subject: Subject) -> list[Told]:
    """Whether the records answer, within a few seconds."""
    failed: list[Exception | None] = [TimeoutError(f"no answer within {ANSWER:g} s")]

    def look() -> None:
        try:
            _ = subject.server
            failed[0] = None
        except Exception as error:  # whatever it is: told below
            failed[0] = error

    looking = Thread(target=look, daemon=True)
    looking.start()
    looking.join(ANSWER)
    if (error := failed[0]) is None:
        return [Seen(told="the records database answers")]
    if isinstance(error, ConfigurationError):
        return [Finding(subject="the records database", told=f"cannot be used: {'; '.join(error.problems)}",
                        way_out=error.problems[-1].rpartition("; ")[2], severity=Severity.CRITICAL)]  # fmt: skip
    return [
        Finding(
            subject="the records database", told=f"cannot be reached: {_told(error)}",
            way_out=refusal_of(error)
            or "start the server, or correct AIRFLOW_CONN_RETRAINING_DB (the connection retraining_db)",
            severity=Severity.CRITICAL,
        )
    ]  # fmt: skip


def _made(name: str, check: Callable[[Subject], Iterable[Told]], subject: Subject) -> Checked:
    """What a check came to; whatever keeps it from looking is told, and never taken for a good sign."""
    told: list[Told] = []
    try:
        told.extend(check(subject))
    except LockNotAvailable as error:
        told.append(Finding(subject="the records database", told=LOCKED,
                            way_out=refusal_of(error), severity=Severity.HIGH))  # fmt: skip
    except Exception as error:  # whatever it is: the other checks go on
        told.append(NotLookedAt(why=_told(error)))
    return Checked(
        check=name,
        findings=tuple(each for each in told if isinstance(each, Finding)),
        seen=tuple(each.told for each in told if isinstance(each, Seen)),
        not_looked_at=tuple(each.why for each in told if isinstance(each, NotLookedAt)),
    )


def _told(error: Exception) -> str:
    said = mask(" ".join(str(error).split()))
    return said if isinstance(error, RetrainingError) else f"{type(error).__name__}: {said}"
