"""Reads and writes skops files: an explicit list of types, never pickle, and no index that points outside."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np

from include.errors import ArtifactError
from include.retraining.trainers.trainer import Predictor

_LOSS, _KERNEL, _DISTANCE = "sklearn._loss.loss.", "sklearn.gaussian_process.kernels.", "sklearn.metrics._dist_metrics."
_METADATA = "sklearn.utils._metadata_requests."

#: Types beyond skops' own list (scikit-learn's public estimators, numpy's and scipy's functions) that scikit-learn's
#: estimators are made of. Written down by hand from what they were seen to hold, never derived from a file. None of
#: them runs code that a file brings along: a partial may only wrap functions that are themselves allowed, and the
#: distance that calls a function of the caller's is left out.
ALLOWED_TYPES = (
    "collections.OrderedDict",
    "functools.partial",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "numpy.dtype",
    "scipy._lib.array_api_compat.numpy._aliases.asarray",
    "scipy.interpolate._bsplines.BSpline",
    f"{_LOSS}HalfTweedieLoss",
    f"{_LOSS}HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._mutual_info.mutual_info_classif",
    "sklearn.feature_selection._mutual_info.mutual_info_regression",
    "sklearn.feature_selection._univariate_selection.chi2",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    *(f"{_KERNEL}{name}" for name in (
        "CompoundKernel", "ConstantKernel", "DotProduct", "ExpSineSquared", "Exponentiation", "Matern",
        "PairwiseKernel", "Product", "RBF", "RationalQuadratic", "Sum", "WhiteKernel",
    )),
    "sklearn.metrics._classification.balanced_accuracy_score",
    *(f"{_DISTANCE}{name}Distance64" for name in (
        "Canberra", "Chebyshev", "Euclidean", "Hamming", "Haversine", "Manhattan", "Minkowski", "SEuclidean",
    )),
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.multiclass._ConstantPredictor",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    f"{_METADATA}MetadataRequest",
    f"{_METADATA}MethodMetadataRequest",
    "sklearn.utils.validation.check_array",
)  # fmt: skip


def dump_model(predictor: Predictor, file: Path) -> None:
    """Write a model; an `ArtifactError` where skops knows no way to, an `OSError` where the disk is full."""
    try:
        _skops().dump(predictor, file)
    except OSError:
        raise
    except Exception as error:  # a class of somebody else's may raise anything when its state is read
        name = f"{type(predictor).__module__}.{type(predictor).__qualname__}"
        raise ArtifactError(f"{name} cannot be stored: {type(error).__name__}: {error}") from error


def load_model(content: bytes, where: object, *, most_bytes: int | None = None) -> Predictor:
    """Read a model.

    Parameters
    ----------
    where : object
        What the content is called in messages.
    most_bytes : int, optional
        Largest size when unpacked; by default it is not looked at.

    Raises
    ------
    ArtifactError
        When the content is no skops file, is too large, holds other types than are allowed, or holds a tree that
        points outside itself.
    """
    try:
        if most_bytes is not None:
            unpacked = sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(content)).infolist())
            if unpacked > most_bytes:
                raise ArtifactError(f"{where}: {unpacked} bytes when unpacked, {most_bytes} allowed")
        found = _skops().loads(content, trusted=list(ALLOWED_TYPES))
        _check_indexes(found, where)
    except ArtifactError:
        raise
    except Exception as error:  # whatever a file that skops did not write, or did not want to, makes it raise
        foreign = type(error).__name__ == "UntrustedTypesFoundException"
        why = "holds types that are not allowed" if foreign else f"is no skops file: {type(error).__name__}"
        first = str(error).partition("\n")[0]
        raise ArtifactError(f"{where}: {why}: {first}") from error
    return cast(Predictor, found)


def _check_indexes(model: object, where: object) -> None:
    """Refuse a tree with an index outside of it: scikit-learn follows them unchecked, into whatever memory is there."""
    for part in _parts(model):
        if type(part).__module__.startswith("sklearn.") and not _sound(part):
            raise ArtifactError(f"{where}: a {type(part).__name__} in it points outside itself")


def _sound(part: Any) -> bool:
    name = type(part).__name__
    if name in ("KDTree", "BallTree"):
        return _sound_neighbours(part)
    if name == "Tree":
        nodes = part.__getstate__()["nodes"]
        inner = nodes["left_child"] != -1
        return _sound_branches(nodes, inner, "left_child", "right_child", "feature", part.n_features)
    trees = [tree for stage in getattr(part, "_predictors", ()) for tree in stage]
    own = getattr(part, "tree_", None)
    fits = own is None or own.n_features == part.n_features_in_
    return fits and all(_sound_predictor(tree, part.n_features_in_) for tree in trees)


def _sound_predictor(tree: Any, features: int) -> bool:
    nodes = tree.nodes
    inner = nodes["is_leaf"] == 0
    sets = nodes["bitset_idx"][inner & (nodes["is_categorical"] != 0)]
    return _sound_branches(nodes, inner, "left", "right", "feature_idx", features) and bool(
        (sets < len(tree.raw_left_cat_bitsets)).all()
    )


def _sound_branches(nodes: Any, inner: Any, left: str, right: str, feature: str, features: int) -> bool:
    """Whether the children of inner nodes are there, after their node, as both kinds of trees store them."""
    places, asked = np.flatnonzero(inner), nodes[feature][inner]
    children = (nodes[side][inner].astype(np.int64) for side in (left, right))
    there = all(bool(((child > places) & (child < len(nodes))).all()) for child in children)
    return len(nodes) > 0 and there and bool(((asked >= 0) & (asked < features)).all())


def _sound_neighbours(tree: Any) -> bool:
    data, order, nodes, *_ = tree.__getstate__()
    inside = (order >= 0) & (order < len(data))
    starts, ends = nodes["idx_start"], nodes["idx_end"]
    return bool(inside.all()) and bool(((starts >= 0) & (ends <= len(order)) & (starts <= ends)).all())


def _parts(model: object) -> Iterator[object]:
    """Everything that `model` is made of, each thing once."""
    waiting, seen = [model], {id(model)}
    while waiting:
        part = waiting.pop()
        yield part
        for inner in _inside(part):
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)


def _inside(part: object) -> list[object]:
    if isinstance(part, Mapping):
        return list(part.values())
    if isinstance(part, list | tuple | set):
        return list(part)
    if isinstance(part, np.ndarray):
        return list(part.ravel()) if part.dtype == object else []
    return list(vars(part).values()) if hasattr(part, "__dict__") and not isinstance(part, type) else []


def _skops() -> Any:
    """Import skops when it is needed, and quietly.

    It looks for scipy's functions in every module that is loaded. That takes seconds, and Airflow's modules answer each
    unknown name with a deprecation warning: a thousand lines in a task's log.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import skops.io
    return skops.io
