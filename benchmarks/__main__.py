"""``make bench``: the claims that need nothing but this repository. `replays` and `through_airflow` need data sets."""

import sys

from benchmarks.parse_time import main

if __name__ == "__main__":
    sys.exit(main())
