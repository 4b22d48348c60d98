# The only door: `make help` lists what there is.
PYTHON ?= python3
API_PORT ?= 8080
UV_VERSION := 0.13.8
BIN := .venv/bin
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --custom-compile-command "make lock"

# A worker a core: threads beside them would spin while they wait for each other, and double the processor time.
PYTEST := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

export API_PORT SQL
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

.DEFAULT_GOAL := help
.PHONY: help run up down status psql cli env test test-all lint format docs bench lock clean

help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { gsub(/\$$\$$/, "$$", $$2); printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: .venv/installed  ## One full demonstration on a real local Airflow, from nothing to the printed records
	@$(BIN)/python -m tools.local_stack run

up: .venv/installed  ## Start Airflow with its web interface in the background (API_PORT=8081 for another port)
	@$(BIN)/python -m tools.local_stack up

down: .venv/installed  ## Stop all that runs in the background; the data stays
	@$(BIN)/python -m tools.local_stack down

status: .venv/installed  ## What runs, and how to reach it
	@$(BIN)/python -m tools.local_stack status || [ $$? -eq 3 ]  # 3: not running

psql: .venv/installed  ## psql on the records; SQL="select ..." runs that instead of opening it
	@$(BIN)/python -m tools.local_stack psql

cli: .venv/installed  ## The command line, on the records of the local Airflow: make cli ARGS="report demand"
	@$(BIN)/python -m tools.local_stack cli -- $(ARGS)

env: .venv/installed  ## What a shell needs for the same, as exports: eval "$$(make -s env)"
	@$(BIN)/python -m tools.local_stack env

test: .venv/installed-dev  ## The tests but for the sweeps; for some: make test TESTS="tests/tools -k postgres"
	@$(PYTEST) -m "not sweep" $(TESTS)

test-all: .venv/installed-dev .venv/mlflow/installed  ## All tests, with the sweeps over every death, store and stage
	@RETRAINING_TEST_TABLES=60 $(PYTEST) $(TESTS)

lint: .venv/installed-dev  ## Style, types and the direction of imports
	@failed=0; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/ruff format --check . || failed=1; \
	$(BIN)/mypy || failed=1; \
	$(BIN)/lint-imports || failed=1; \
	exit $$failed

format: .venv/installed-dev  ## Put the code into the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: .venv/installed  ## Write the parts of docs/ that are made from the code
	@$(BIN)/python -m tools.reference
	@$(BIN)/python -m tools.data_dictionary

bench: .venv/installed-dev  ## Measure what the documentation claims
	@$(BIN)/python -m benchmarks

lock: .venv/uv  ## Pin the newest versions that fit requirements*.in
	@PATH="$(CURDIR)/$(BIN):$$PATH" && $(LOCK) --upgrade requirements.in -o requirements.txt \
	    && $(LOCK) --upgrade requirements-dev.in -o requirements-dev.txt \
	    && $(LOCK) --upgrade requirements-mlflow.in -o requirements-mlflow.txt

clean:  ## Stop everything; remove state, environment and caches
	@if [ -d .local ] && [ -f .venv/installed ]; then $(BIN)/python -m tools.local_stack clean; fi
	@rm -rf .local .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: installed once, and again when the pinned versions change.
.venv/uv:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, \
	this is " + sys.version.split()[0] + "; name another one: make PYTHON=/path/to/python3")'
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.venv/installed: .venv/uv requirements.txt
	$(call install,requirements.txt)
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(call install,requirements-dev.txt)
	@touch $@

# The MLflow server of the tests cannot live beside Airflow: it wants older versions of what both use.
.venv/mlflow/installed: .venv/uv requirements-mlflow.txt
	@$(PYTHON) -m venv --clear .venv/mlflow
	$(call install,requirements-mlflow.txt,.venv/mlflow)
	@touch $@

# uv takes seconds where pip takes a minute. It brings its own certificates and does not read pip's
# configuration, so behind a proxy or with a private index the system's certificates, then pip, get a try.
define install
	@echo "installing $(1)" >&2
	@export VIRTUAL_ENV="$(CURDIR)/$(or $(2),.venv)"; \
	$(BIN)/uv pip install --quiet --require-hashes -r $(1) \
	    || $(BIN)/uv pip install --quiet --system-certs --require-hashes -r $(1) \
	    || $(or $(2),.venv)/bin/python -m pip install --quiet --require-hashes -r $(1)
endef
