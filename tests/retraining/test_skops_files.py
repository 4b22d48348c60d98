from __future__ import annotations

import functools
import inspect
import io
import json
import os
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io as sio
from sklearn import calibration, compose, ensemble, gaussian_process, linear_model, model_selection, neighbors
from sklearn import feature_selection as selection
from sklearn import neural_network as networks
from sklearn import preprocessing as before
from sklearn.cluster import Birch
from sklearn.decomposition import PCA
from sklearn.gaussian_process import kernels
from sklearn.pipeline import make_pipeline, make_union
from sklearn.utils import all_estimators

from include.errors import ArtifactError
from include.retraining.trainers.skops_files import ALLOWED_TYPES, dump_model, load_model
from tests.sweeps import each_nth

RNG = np.random.default_rng(0)
X = np.abs(RNG.normal(size=(90, 3)))
Y = 2.0 * X[:, 0] + 0.1 * RNG.random(90) + 0.01
C = np.where(np.median(Y) < Y, "yes", "no")
# They take several targets, one column only, or labels that are numbers: no models of ours.
OTHER_SHAPES = {
    "CCA", "ClassifierChain", "IsotonicRegression", "MultiOutputClassifier", "MultiOutputRegressor",
    "MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV", "PLSCanonical",
    "RegressorChain", "SelfTrainingClassifier",
}  # fmt: skip
INNER: dict[str, Any] = {"classifier": linear_model.LogisticRegression(), "regressor": linear_model.Ridge()}


def estimators() -> dict[str, tuple[Any, Any]]:
    """Every classifier and regressor of scikit-learn that fits a table, with what it is trained on."""
    found = {}
    for kind, target in (("classifier", C), ("regressor", Y)):
        for name, cls in all_estimators(kind):
            inner = {"estimator": INNER[kind], "estimators": [("a", INNER[kind])]}
            parameters = inspect.signature(cls).parameters
            needed = [p for p in inner if p in parameters and parameters[p].default is inspect.Parameter.empty]
            if name not in OTHER_SHAPES:
                found[name] = (functools.partial(cls, **{p: inner[p] for p in needed}), target)
    return found


SETTINGS: dict[str, tuple[Any, Any]] = {
    "kernels": (gaussian_process.GaussianProcessRegressor(kernels.RBF() + kernels.WhiteKernel()), Y),
    "matern": (gaussian_process.GaussianProcessRegressor(kernels.Matern() * kernels.ConstantKernel()), Y),
    "rational": (gaussian_process.GaussianProcessRegressor(kernels.RationalQuadratic()), Y),
    "power": (gaussian_process.GaussianProcessRegressor(kernels.RBF() ** 2 + kernels.DotProduct(), alpha=0.1), Y),
    "pairwise": (gaussian_process.GaussianProcessRegressor(kernels.PairwiseKernel()), Y),
    "manhattan": (neighbors.KNeighborsRegressor(metric="manhattan"), Y),
    "chebyshev": (neighbors.KNeighborsRegressor(metric="chebyshev"), Y),
    "minkowski": (neighbors.KNeighborsRegressor(p=3), Y),
    "ball tree": (neighbors.KNeighborsRegressor(algorithm="ball_tree"), Y),
    "sgd network": (networks.MLPRegressor(solver="sgd", max_iter=5000, tol=1.0), Y),
    "stopped network": (networks.MLPRegressor(early_stopping=True, tol=1.0, max_iter=5000), Y),
    "isotonic": (calibration.CalibratedClassifierCV(method="isotonic"), C),
    "temperature": (calibration.CalibratedClassifierCV(method="temperature"), C),
    "log loss": (linear_model.SGDClassifier(loss="log_loss"), C),
    "huber": (ensemble.GradientBoostingRegressor(loss="huber", n_estimators=5), Y),
    "exponential": (ensemble.GradientBoostingClassifier(loss="exponential", n_estimators=5), C),
    "poisson": (ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=5), Y),
    "gamma": (ensemble.HistGradientBoostingRegressor(loss="gamma", max_iter=5), Y),
    "quantile": (ensemble.HistGradientBoostingRegressor(loss="quantile", quantile=0.5, max_iter=5), Y),
    "tweedie": (linear_model.TweedieRegressor(power=1.5), Y),
    "grid": (model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [0.1, 1.0]}), Y),
    "selected": (make_pipeline(before.PolynomialFeatures(), selection.SelectKBest(selection.f_regression, k=2),
                               linear_model.Ridge()), Y),
    "reduced": (make_pipeline(make_union(PCA(1), before.StandardScaler()), linear_model.Ridge()), Y),
    "binned": (make_pipeline(before.KBinsDiscretizer(quantile_method="linear"), linear_model.Ridge()), Y),
    "splines": (make_pipeline(before.FunctionTransformer(np.log1p), before.SplineTransformer(),
                              linear_model.Ridge()), Y),
    "target": (compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1), Y),
    "bagged": (ensemble.BaggingRegressor(neighbors.KNeighborsRegressor(), n_estimators=3), Y),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # what estimators say of these few rows is of no interest here
@pytest.mark.parametrize(("estimator", "target"), each_nth([*estimators().values(), *SETTINGS.values()], 3))
def test_scikit_learns_estimators_are_stored_loaded_and_answer_the_same(
    tmp_path: Path, estimator: Any, target: Any
) -> None:
    if isinstance(estimator, functools.partial):
        estimator = estimator()
    estimator.fit(X, target)
    dump_model(estimator, tmp_path / "model.skops")
    loaded = load_model((tmp_path / "model.skops").read_bytes(), "model.skops")
    assert np.array_equal(loaded.predict(X), estimator.predict(X))


def test_allowed_types_are_there_and_none_of_them_calls_what_a_file_names() -> None:
    for name in ALLOWED_TYPES:
        module, _, attribute = name.rpartition(".")
        if module.startswith("lightgbm") and not find_spec("lightgbm"):  # who wants it installs it
            continue
        found = getattr(__import__(module, fromlist=[attribute]), attribute)
        assert found not in (eval, exec, __import__, os.system), name
    assert not [name for name in ALLOWED_TYPES if "PyFunc" in name or name.startswith(("os.", "builtins.", "joblib."))]


class Foreign:
    """A class of somebody else's."""

    def predict(self, features: Any) -> Any:
        return np.zeros(len(features))


@pytest.mark.parametrize(
    ("model", "named"),
    [(make_pipeline(Foreign()), "Foreign"), (functools.partial(os.system, "true"), "system"),
     (before.FunctionTransformer(os.system), "system")],
)  # fmt: skip
def test_other_types_are_refused_by_name(tmp_path: Path, model: Any, named: str) -> None:
    dump_model(model, tmp_path / "model.skops")
    with pytest.raises(ArtifactError, match=f"not allowed.*{named}"):
        load_model((tmp_path / "model.skops").read_bytes(), "model.skops")


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"sklearn.*Birch cannot be stored"):
        dump_model(Birch(), tmp_path / "model.skops")


def test_large_unpacked_size_is_refused_before_it_is_unpacked() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", json.dumps({}))
        archive.writestr("array.npy", bytes(50_000_000))
    assert len(content.getvalue()) < 100_000
    with pytest.raises(ArtifactError, match="bytes when unpacked, 1000000 allowed"):
        load_model(content.getvalue(), "model.skops", most_bytes=1_000_000)


def bent(model: Any, change: Any) -> bytes:
    """The model's file with every array of nodes in it changed."""
    source, made = zipfile.ZipFile(io.BytesIO(sio.dumps(model))), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(content))
                if change(array):
                    out = io.BytesIO()
                    np.save(out, array)
                    content = out.getvalue()
            archive.writestr(name, content)
    return made.getvalue()


def set_field(name: str, place: int, value: int) -> Any:
    def change(array: Any) -> bool:
        if array.dtype.names is None or name not in array.dtype.names:
            return False
        array[name][place] = value
        return True

    return change


def set_order(array: Any) -> bool:
    if array.dtype != np.intp or array.shape != (90,):
        return False
    array[0] = 10**9
    return True


@pytest.mark.parametrize(
    ("model", "change"),
    [(ensemble.RandomForestRegressor(n_estimators=2), set_field("left_child", 0, 10**9)),
     (ensemble.RandomForestRegressor(n_estimators=2), set_field("right_child", 0, -7)),
     (ensemble.RandomForestRegressor(n_estimators=2), set_field("left_child", 0, 0)),
     (ensemble.RandomForestRegressor(n_estimators=2), set_field("feature", 0, 3)),
     (ensemble.HistGradientBoostingRegressor(max_iter=2), set_field("right", 0, 10**6)),
     (ensemble.HistGradientBoostingRegressor(max_iter=2), set_field("feature_idx", 0, 3)),
     (neighbors.KNeighborsRegressor(algorithm="kd_tree"), set_field("idx_end", 0, 10**9)),
     (neighbors.KNeighborsRegressor(algorithm="ball_tree"), set_order)],
)  # fmt: skip
def test_tree_that_points_outside_itself_is_refused_before_it_is_asked(model: Any, change: Any) -> None:
    model.fit(X, Y)
    load_model(bent(model, lambda _: False), "model.skops")
    with pytest.raises(ArtifactError, match="points outside itself"):
        load_model(bent(model, change), "model.skops")
