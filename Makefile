# Everything a person types. Set-up happens by itself and only once: its stamp is the lock's hash.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
COMPANIES ?=
DAYS ?= 2

# Tests start processes by the hundred: each would compile all of us and the tests' own text again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo up test fast check bench soak lock clean

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

$(VENV)/runtime.done: requirements/runtime.lock pyproject.toml
	@scripts/setup $(PYTHON) $(VENV) runtime

$(VENV)/dev.done: requirements/dev.lock $(VENV)/runtime.done
	@scripts/setup $(PYTHON) $(VENV) dev

$(VENV)/bench.done: requirements/bench.lock $(VENV)/dev.done
	@scripts/setup $(PYTHON) $(VENV) bench

demo: $(VENV)/runtime.done  ## Set up, then run the whole lineage; COMPANIES=file.csv DAYS=2
	@$(BIN)/lead-pipeline demo --days $(DAYS) $(if $(COMPANIES),--companies "$(COMPANIES)")

up: $(VENV)/runtime.done  ## Dagster's UI, the daemon, the intake service, the sandbox and Postgres; Ctrl-C ends all of it
	@$(BIN)/lead-pipeline up $(if $(COMPANIES),--companies "$(COMPANIES)")

fast: $(VENV)/dev.done  ## The tests that need no server
	@$(BIN)/python -m pytest tests/unit -n 2 -p no:schemathesis

test: $(VENV)/dev.done  ## Set up, then run all tests: two files at a time, then what wants the machine to itself
	@$(BIN)/python -m pytest tests -m "not alone" -n 2 --dist loadfile --no-loadscope-reorder
	@$(BIN)/python -m pytest tests -m alone

check: $(VENV)/dev.done  ## Lint, types, import direction, SQL, the house
	@scripts/check $(BIN)

bench: $(VENV)/bench.done  ## Every benchmark with its bar; writes benchmarks/latest.json
	@$(BIN)/python -m benchmarks

soak: $(VENV)/dev.done  ## The long campaigns: kills by the hundred, outages, races, made-up requests
	@LEAD_PIPELINE_KILLS=300 LEAD_PIPELINE_SERVICE_KILLS=50 LEAD_PIPELINE_OUTAGES=10 LEAD_PIPELINE_PAIRS=10000 \
		LEAD_PIPELINE_EXAMPLES=200 LEAD_PIPELINE_ENRICHMENT_KILLS=50 LEAD_PIPELINE_PARTIES=120 \
		LEAD_PIPELINE_SALES=10000 LEAD_PIPELINE_SAME_LEADS=10000 LEAD_PIPELINE_LEDGER_RUNS=200 \
		LEAD_PIPELINE_DELIVERY_KILLS=200 LEAD_PIPELINE_LONG=1 $(BIN)/python -m pytest tests -m "slow or hypothesis"

lock:  ## Resolve the dependencies anew (needs uv)
	@scripts/lock

clean:  ## Stop the embedded server; remove var, the virtual environment and caches
	@if [ -x $(BIN)/lead-pipeline ] && [ -z "$$DATABASE_URL" ]; then $(BIN)/lead-pipeline db stop || true; fi
	@rm -rf var $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .import_linter_cache dbt_project/target dbt_project/logs *.egg-info
