# `make` alone prints this help. Everything lives in .venv; nothing else on the machine is touched.
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2

.DEFAULT_GOAL := help
MINUTES ?= 10

.PHONY: help install demo test test-browser faults soak conformance fuzz bench bench-quick bench-growth check up lock docs clean

help: ## Print what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed ## Make .venv with the locked dependencies and the singlewindow command

.venv/installed: requirements/development.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 install"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## Run the main job: lodge the example declarations and watch them decided
	$(BIN)/singlewindow demo

test: install ## Run all tests, on SQLite, a real PostgreSQL and a real queue server
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

test-browser: install ## Test the pages in a real browser (needs Chromium: `apt-get install chromium`)
	$(BIN)/python -m pytest -m browser tests/browser

faults: install ## Put every fault into a running service, two at a time, then those that compare times (about 45 minutes)
	$(BIN)/python -m pytest -m 'faults and not alone' tests/faults -n $(JOBS) --dist worksteal
	$(BIN)/python -m pytest -m 'faults and alone' tests/faults

soak: install ## All faults at random under load, for MINUTES=10
	$(BIN)/python -m tests.faults.soak --minutes $(MINUTES)

conformance: install ## Ask a running service everything its OpenAPI document promises, as every role (about 2 minutes)
	$(BIN)/python -m pytest -m conformance tests/conformance

fuzz: install ## Damage 10,000 declarations at random, and read them (about 3 minutes)
	SW_FUZZ=10000 SW_FUZZ_SEED=$${SW_FUZZ_SEED:-$$(date +%s)} $(BIN)/python -m pytest -s tests/fuzz

bench: install ## Compare speed with what one would first write, and with the floor (5 to 10 minutes)
	$(BIN)/python -m bench

bench-quick: install ## The same, shorter and rougher (less than a minute)
	$(BIN)/python -m bench --plan quick

bench-growth: install ## Cost with a million stored, memory over 100,000, declarations of 9,999 items (a quarter of an hour or more)
	$(BIN)/python -m bench.growth

check: install ## Check style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

up: install ## Run the whole service on this machine until Ctrl-C
	$(BIN)/singlewindow up

docs: install ## Write the generated files again: XSDs, data elements, rules
	$(BIN)/python -m singlewindow.declarations.writing.xsd
	$(BIN)/python -m singlewindow.declarations.writing.dictionary
	$(BIN)/python -m singlewindow.declarations.rules > docs/rules.md

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-emit-find-links pyproject.toml

lock: install ## Resolve the dependencies again and write their hashes
	$(LOCK) --output-file requirements/runtime.txt
	$(LOCK) --extra dev --constraint requirements/runtime.txt --output-file requirements/development.txt

clean: ## Remove what was installed and built
	rm -rf .venv build ./*.egg-info .mypy_cache .ruff_cache .hypothesis
