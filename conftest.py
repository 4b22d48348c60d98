"""What has to hold before numpy and scikit-learn are loaded in a test process, and in every process that it starts."""

import os

# pytest-xdist fills the cores with processes; with threads beside them, OpenMP's idle ones spin instead of giving way.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
