"""What a form or a flag offers, without loading what is behind it, is what there is."""

from __future__ import annotations

from include.decision.policy.preset_names import PRESET_NAMES, WITHOUT_POLICY
from include.decision.policy.presets import PRESETS
from include.interfaces.reports import audit, files
from include.interfaces.reports.formats import AUDIT_FORMATS, REPORT_FORMATS
from include.workflow.backtest.replay import Checks


def test_presets_that_are_offered_are_those_that_there_are() -> None:
    assert set(PRESET_NAMES) == set(PRESETS)
    assert set(WITHOUT_POLICY) == {str(checks) for checks in Checks} - {str(Checks.POLICY)}


def test_formats_that_are_offered_are_those_that_can_be_rendered() -> None:
    assert set(REPORT_FORMATS) == set(files.FORMATS)
    assert set(AUDIT_FORMATS) == set(audit.FORMATS)
