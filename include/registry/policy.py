"""The section `policy` of a model file: a preset, and what is different for this model."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, PlainValidator

from include.decision.evidence import Trigger
from include.decision.policy.durations import Duration
from include.decision.policy.preset_names import PresetName
from include.decision.policy.presets import PRESETS, PolicySettings
from include.decision.policy.read import read_tree
from include.decision.policy.write import write_tree
from include.decision.triggers.performance_below import PerformanceBelowTrigger
from include.decision.triggers.probe import ProbeTrigger
from include.decision.triggers.schedule import ScheduleTrigger
from include.decision.triggers.tree import walk
from include.registry.model_types import ModelTypeDefaults
from include.registry.section import Section
from include.registry.training import some_time

FixedStatistic = Literal["psi", "kl_divergence", "js_divergence", "js_distance", "ks", "wasserstein", "p_value"]
Tree = Annotated[Any, PlainValidator(read_tree), PlainSerializer(write_tree, return_type=Any)]
LEVELS = ("gain_level", "performance_level", "drift_level")
USUAL_THRESHOLD = 0.10  # metrics that move more than this by themselves are not judged by a preset's threshold


LEAST_WITH_COSTS = 0.01  # worsening of the primary metric from which on its cost is weighed


class Costs(Section):
    """What a retrain and a worse model cost, in any one unit: a retrain has to be worth more than it costs.

    `training` is the cost of one retrain; `per_unit_of_loss` that of predicting one row one unit of the primary metric
    worse (RMSE: a unit of the target; accuracy: one wrong row).
    """

    training: float = Field(ge=0)
    """Of one retrain."""
    per_unit_of_loss: float = Field(gt=0)
    """Of predicting one row one unit of the metric worse."""


class Policy(Section):
    """A preset, and what is different for this model; see `include.decision.policy.presets`.

    `when` is the tree that says when a retrain is due, see `include.decision.policy.read`. `drift_tests` chooses the
    tests of drift: ``calibrated`` to the budget, or a fixed threshold for each feature: the preset's Jensen-Shannon
    divergence, or the PSI of the model's type. `drift_thresholds` names fixed ones of one's own.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    preset: PresetName = "balanced"
    """The numbers that hold where this section gives none."""
    when: Tree | None = None
    """When a retrain is due, a [tree of triggers](policies.md#triggers)."""
    false_retrains_per_quarter: float | None = Field(None, gt=0)
    """How many useless retrains a quarter may cost; the levels follow from it."""
    gain_level: float | None = Field(None, gt=0, lt=0.5)
    """Significance level of a check for what a retrain would gain, in place of the budget's."""
    performance_threshold: float | None = Field(None, gt=0)
    """Worsening of the metric that matters, counted as the [metric](metrics.md) says."""
    performance_level: float | None = Field(None, gt=0, lt=0.5)
    """Significance level for performance and for concept drift, in place of the budget's."""
    concept_drift_threshold: float | None = Field(None, gt=0)
    """Relative rise of the mean error within the window that matters."""
    drift_level: float | None = Field(None, gt=0, lt=0.5)
    """Significance level for drift and outliers, in place of the budget's."""
    drift_tests: Literal["calibrated", "preset", "model_type"] = "calibrated"
    """Tests that keep to the budget, the preset's Jensen-Shannon divergence, or the type's PSI."""
    drift_thresholds: dict[FixedStatistic, Annotated[float, Field(gt=0)]] | None = None
    """Fixed thresholds of yours; see [how often each is wrong](detection.md#fixed-thresholds)."""
    outlier_share: float | None = Field(None, gt=0, lt=1)
    """Share of outlying values in a column that matters."""
    cooldown: Duration | None = None
    """Least time between two retrains."""
    costs: Costs | None = None
    """What a retrain and a worse model cost: a retrain has to be worth more than it costs."""
    horizon: Annotated[Duration, AfterValidator(some_time)] = timedelta(days=28)
    """With `costs`: the time for which a retrain is expected to serve."""

    def settings(
        self,
        *,
        check_every: timedelta,
        window: timedelta,
        preset: str = "",
        metric_threshold: float = USUAL_THRESHOLD,
        model_type: ModelTypeDefaults | None = None,
    ) -> PolicySettings:
        """The effective settings for that schedule; `preset` overrides the model file's for one run.

        Parameters
        ----------
        metric_threshold : float
            The worsening that matters by the metric's own account. Where that is more than 10 %, as for a Sharpe ratio,
            it stands in for the preset's 5 %, and grows and shrinks with the presets in the same proportion.
        """
        chosen = PRESETS[preset or self.preset]
        if metric_threshold > USUAL_THRESHOLD:
            eagerness = chosen.performance_threshold / PRESETS["balanced"].performance_threshold
            chosen = chosen.replace(performance_threshold=metric_threshold * eagerness)
        if self.drift_tests == "preset" and chosen.js_divergence is not None:
            chosen = chosen.replace(drift_thresholds={"js_divergence": chosen.js_divergence})
        if model_type is not None:
            chosen = chosen.replace(schedule=model_type.schedule, performance_below=model_type.performance)
            if self.drift_tests == "model_type":
                chosen = chosen.replace(drift_thresholds={"psi": model_type.psi})
        own = {name: value for name in _SETTINGS if (value := getattr(self, name)) is not None}
        if self.costs is not None and self.performance_threshold is None:
            chosen = chosen.replace(performance_threshold=LEAST_WITH_COSTS)
        chosen = chosen.replace(**own).within_budget(check_every=check_every, window=window)
        return chosen.replace(**{name: own[name] for name in LEVELS if name in own})

    def overridden_by(self, other: Policy) -> Policy:
        """The same policy, but for the fields that `other` gives."""
        return self.model_copy(update={name: getattr(other, name) for name in other.model_fields_set})

    @property
    def probes_asked_for(self) -> set[str]:
        """Names of the probes in the tree."""
        return (
            set() if self.when is None else {each.probe for each in walk(self.when) if isinstance(each, ProbeTrigger)}
        )

    @property
    def asks_for_least(self) -> bool:
        """Whether it asks for a least value of the metric."""
        return self.when is not None and any(isinstance(each, PerformanceBelowTrigger) for each in walk(self.when))

    @property
    def asks_for_model_type(self) -> bool:
        """Whether it takes a number from the defaults of a model type."""
        tree: Trigger | None = self.when
        bare = tree is not None and any(
            (isinstance(each, ScheduleTrigger) and not each.cron)
            or (isinstance(each, PerformanceBelowTrigger) and each.least is None)
            for each in walk(tree)
        )
        return bare or self.drift_tests == "model_type"


_SETTINGS = [name for name in Policy.model_fields if name in PolicySettings.__dataclass_fields__]
