"""Other drift detectors, measured beside ours. Extras of the benchmarks, never of the product.

Today's releases of pandas, numpy and scikit-learn suit ours but not all of theirs, so that each peer has a virtual
environment of its own (`install`). Rows go there as Parquet files and results come back as JSON (`ask`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

#: Where the environments are, unless another folder is named: outside the repository, and made anew when lost.
DEFAULT_FOLDER = Path(tempfile.gettempdir()) / "drift-peers"

_FRAMES = ("pandas==2.3.3", "scipy==1.17.1")
_NUMPY_1 = ("numpy==1.26.4", "pyarrow==20.0.0", *_FRAMES)
_NUMPY_2 = ("numpy==2.2.6", "pyarrow==26.0.1", *_FRAMES)

#: What each peer's environment is made from. `statsmodels` is what NannyML imports without asking for it.
REQUIREMENTS: Mapping[str, tuple[str, ...]] = {
    "evidently": ("evidently==0.7.23", "scikit-learn==1.7.2", *_NUMPY_2),
    "nannyml": ("nannyml==0.13.1", "scikit-learn==1.7.2", "statsmodels==0.15.0", *_NUMPY_2),
    "alibi_detect": ("alibi-detect==0.13.0", "scikit-learn==1.7.2", *_NUMPY_1),
    "deepchecks": ("deepchecks==0.19.1", "scikit-learn==1.5.2", "setuptools==80.9.0", *_NUMPY_1),
}
