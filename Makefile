# Every target makes the environment first where it is missing or older than the lock file.
# PYTHONDONTWRITEBYTECODE would make every start compile everything anew: it is unset for all that runs here.
unexport PYTHONDONTWRITEBYTECODE
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo up test test-nightly test-faults test-hostile test-browser check format bench screenshots lock clean

help: ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q game_pipeline game_pipeline_tests
	touch $@

# What only benchmarks compare with; its versions agree with those of requirements.lock.
$(VENV)/installed-bench: $(VENV)/installed requirements-bench.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements-bench.lock
	touch $@

demo: $(VENV)/installed ## Two days of a catalogue on replica sites, then a summary
	$(BIN)/game-pipeline demo

up: $(VENV)/installed ## The Dagster UI on the demo's catalogue, with its replica sites
	$(BIN)/game-pipeline up --demo

test: $(VENV)/installed ## All tests but the long ones
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not faults" -q --show-capture=no

test-nightly: $(VENV)/installed ## What may happen to a catalogue, looked at ten times longer
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest game_pipeline_tests/catalog/test_machine.py -q --show-capture=no

test-faults: $(VENV)/installed ## The long tests: kills, restarts, floods
	$(BIN)/python -m pytest -m faults -q

test-hostile: $(VENV)/installed ## What hostile sites send, as a table: sent, expected, got
	$(BIN)/python -m pytest game_pipeline_tests/hostile -q --show-capture=no

test-browser: $(VENV)/installed ## Only the tests that drive the UI in headless Chromium
	$(BIN)/python -m pytest -m browser -q

check: $(VENV)/installed ## Lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/installed ## Put the code in its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed-bench ## The benchmarks of docs/benchmarks.md
	for script in game_pipeline_tests/benchmarks/[a-z]*.py; do \
		name=$$(basename $$script .py); echo "== $$name"; \
		$(BIN)/python -m game_pipeline_tests.benchmarks.$$name || exit 1; done

screenshots: $(VENV)/installed ## Renew the pictures of docs/images (needs Chromium)
	GAME_PIPELINE_SCREENSHOTS=docs/images $(BIN)/python -m pytest -m browser -q

lock: $(VENV)/installed ## Resolve the dependencies anew into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--upgrade --group dev pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--constraint requirements.lock --group bench pyproject.toml -o requirements-bench.lock

clean: ## Remove the environment, caches and the demo's catalogue (never your own)
	if [ -x $(BIN)/game-pipeline ] && [ -d .game_pipeline/demo ]; then $(BIN)/game-pipeline demo --remove; fi
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find game_pipeline game_pipeline_tests -name __pycache__ -type d -prune -exec rm -rf {} +
