"""deepchecks: drift of single features, and a domain classifier, without plots."""

from __future__ import annotations

import pandas as pd
from deepchecks.tabular import Dataset
from deepchecks.tabular.checks import FeatureDrift, MultivariateDrift
from worker import Check, main, text_columns

FEATURE_THRESHOLD, OVERALL_THRESHOLD = 0.2, 0.25  # the defaults of deepchecks' conditions


def features(reference: pd.DataFrame) -> Check:
    """K-S distance or Cramér's V of any column above 0.2."""
    text = text_columns(reference)
    known = Dataset(reference, cat_features=text)

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        found = FeatureDrift().run(known, Dataset(recent, cat_features=text), with_display=False).value
        largest = max(each["Drift score"] for each in found.values())
        return {"any column": (largest >= FEATURE_THRESHOLD, largest)}

    return check


def classifier(reference: pd.DataFrame) -> Check:
    """A drift score above 0.25 of a model that tells recent rows from reference rows; scored by its AUC."""
    text = text_columns(reference)
    known = Dataset(reference, cat_features=text)

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        found = MultivariateDrift().run(known, Dataset(recent, cat_features=text), with_display=False).value
        alarm = found["domain_classifier_drift_score"] >= OVERALL_THRESHOLD
        return {"domain classifier": (alarm, found["domain_classifier_auc"])}

    return check


if __name__ == "__main__":
    main({"features": features, "classifier": classifier})
