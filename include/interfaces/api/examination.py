"""What the doctor found, as the REST API, the page and the command line tell it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from include.decision.decision import Severity
from include.records.entries import Examination


class FindingAnswer(BaseModel):
    """One thing that stops models, or is going to, and the way out."""

    check: str
    subject: str
    severity: Severity
    told: str
    way_out: str


class SeenAnswer(BaseModel):
    """What a check looked at and found in order, or could not look at."""

    check: str
    told: str


class DoctorAnswer(BaseModel):
    """What the doctor found, the gravest first; `well` without findings, whatever could not be looked at."""

    well: bool
    at: datetime
    findings: list[FindingAnswer]
    not_looked_at: list[SeenAnswer]
    seen: list[SeenAnswer]

    @classmethod
    def of(cls, found: Examination) -> DoctorAnswer:
        """Of an examination."""
        findings = [
            FindingAnswer(
                check=checked.check, subject=each.subject, severity=each.severity, told=each.told, way_out=each.way_out
            )
            for checked in found.checks
            for each in checked.findings
        ]
        grave = list(Severity)
        return cls(
            well=found.well, at=found.at,
            findings=sorted(findings, key=lambda each: -grave.index(each.severity)),
            not_looked_at=[SeenAnswer(check=c.check, told=why) for c in found.checks for why in c.not_looked_at],
            seen=[SeenAnswer(check=c.check, told=told) for c in found.checks for told in c.seen],
        )  # fmt: skip
