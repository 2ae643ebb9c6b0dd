# Everything that this project does for you. `make` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
HOSTS ?= 4
JOBS ?= 3
# GPU=1 or NVSWITCH=1 for every host, or kinds in turn: GPU="t4x1 none a100x8+nvswitch".
GPUS = $(if $(NVSWITCH),a100x8+nvswitch,$(patsubst 1,a100x2,$(GPU)))
LAB_FLAGS = $(if $(DISTROS),--distros "$(DISTROS)") $(if $(DIRTY),--dirty) $(if $(UPSTREAM),--upstream) \
  $(if $(GPUS),--gpu "$(GPUS)")

# Commands are started by the hundred in tests: our modules are compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup lab lab-down lab-status demo test lint format docs pictures bench lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/installed ## A virtual environment with exactly the locked packages

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'This needs Python 3.11 or newer: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -qy python3-venv; } || \
	  { echo 'This needs venv: sudo apt install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@# setuptools warns of what `pythonpath = ["."]` wants: the working folder goes first.
	PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@touch $@

lab: setup ## Practice hosts: HOSTS=4 DISTROS="debian12 debian13 ubuntu24.04" DIRTY=1 GPU=1 NVSWITCH=1 UPSTREAM=1
	$(BIN)/python -m lab up --hosts $(HOSTS) $(LAB_FLAGS)

lab-down: setup ## Take away all practice hosts of this checkout, and nothing else
	$(BIN)/python -m lab down

lab-status: setup ## The practice hosts
	$(BIN)/python -m lab status

demo: setup ## The main job: three practice hosts, one of them dirty, become Docker hosts
	$(BIN)/python -m lab up --hosts 3 --dirty
	$(BIN)/pyinfra -y inventory/lab.py deploy.py

test: setup ## All tests, on practice hosts of their own: JOBS=3 labs at a time, a file in one of them
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile

lint: setup ## What a change must pass besides the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	git ls-files '*.sh' .ci/run | xargs $(BIN)/shellcheck

format: setup ## Put the code into its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup ## Tables and inventories in README.md and docs/, and the schema of reports, from the code
	$(BIN)/python -m rackwright.docs

pictures: setup ## The pictures in README.md and docs/, from recorded hosts
	$(BIN)/python -m tests.browser.pictures

bench: setup ## Side by side with other ways to do the same: bench/README.md
	$(BIN)/python -m bench
	$(BIN)/python -m bench.page

lock: setup ## Resolve the ranges of pyproject.toml again
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe \
	  --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --extra dev -o requirements.lock pyproject.toml

clean: lab-down ## lab-down, and the virtual environment
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
