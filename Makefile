# Plain names; each target sets up what it needs (see tools/venv.py and tools/forge.py), and the second run starts at once.
PYTHON ?= python3
WORKERS ?= 3

PY := .venv/bin/python
FORGE := $(PY) -m tools.forge

.DEFAULT_GOAL := help
.PHONY: help demo test fmt lint types layers pytest contracts forge bench bench-rollups bench-relayer devnet matrix docs soak chaos lock .setup

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .setup ## two L2s over one L1: messages and tokens move, every proof checked
	@.venv/bin/xl2 demo

# Two at once: solc and mypy keep one processor busy, and most tests of Python wait for chains.
test: .setup ## everything that must pass
	@$(MAKE) --no-print-directory --jobs=2 lint types pytest layers forge

fmt: .setup ## write Python and Solidity as the formatters want them
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .
	@$(FORGE) fmt

lint: .setup ## ruff, spelling, format of Python and Solidity
	@echo "== lint"
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/codespell
	@$(FORGE) fmt --check

types: .setup ## mypy, strict
	@echo "== types"
	@.venv/bin/mypy

layers: .setup ## who may import whom
	@echo "== layers"
	@.venv/bin/lint-imports --no-logo

forge: .setup ## Solidity tests, after a canary that must fail
	@echo "== forge"
	@if FOUNDRY_PROFILE=canary $(FORGE) test > .venv/canary.log 2>&1; then \
	  echo "The canary test must fail, and forge said it passed: this gate sees no failures." >&2; exit 1; fi
	@grep -q "the canary sings" .venv/canary.log || { cat .venv/canary.log >&2; exit 1; }
	@FOUNDRY_GAS_SNAPSHOT_CHECK=true $(FORGE) test

# Bytecode is written whatever the machine says: tests start `xl2` hundreds of times, a quarter of that to compile it anew.
pytest: .setup
	@echo "== pytest"
	@MAKEFLAGS= PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE= .venv/bin/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

contracts: .setup ## compile, and write the artifacts that the wheel carries
	@$(PY) -m tools.artifacts

bench: .setup ## measure, write bench/results and docs/benchmarks.md
	@$(PY) -m bench

bench-rollups: .setup ## the same for rollup families: starts, hops, interop beside supersim
	@$(PY) -m bench.rollups

bench-relayer: .setup ## the same for the relayer daemon: rate, CPU, latency, load, restart
	@$(PY) -m bench.relayer

devnet: .setup ## an L1 and two L2s on this machine, until Ctrl-C
	@.venv/bin/xl2 devnet up

matrix: .setup ## every L2 to every other, by every route: message, transfer, refund
	@.venv/bin/xl2 devnet matrix

docs: .setup ## write what is generated in docs/
	@$(PY) -m tests.unit.core.test_lifecycle

soak: .setup ## for hours: new examples, long campaigns
	@FOUNDRY_FUZZ_RUNS=20000 FOUNDRY_FUZZ_SEED=$$(date +%s) FOUNDRY_INVARIANT_RUNS=1000 $(FORGE) test
	@XL2_HYPOTHESIS=soak .venv/bin/pytest -n $(WORKERS) --timeout 0 -m "soak or property or unit"

chaos: .setup ## 1,000 messages through a seeded mix of mishaps: make chaos SEED=7 STORE=postgresql
	@$(PY) -m tests.faults.chaos $(if $(SEED),--seed $(SEED)) $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(STORE),--store $(STORE))

# Internal: the locked packages in .venv, and xl2 itself, editable.
.setup:
	@$(PYTHON) tools/venv.py

# Internal: resolve pyproject.toml anew. `uv` is a tool of whoever does it, not a dependency.
lock:
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --group dev --all-extras \
	  pyproject.toml -o requirements/dev.txt
