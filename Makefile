# `make` alone prints this help. Everything lives in .venv; nothing else on the machine is touched.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= 2
TESTS ?=

.DEFAULT_GOAL := help
MINUTES ?= 10

.PHONY: help install demo test test-service test-properties test-browser test-wheel test-pythons faults soak conformance fuzz bench bench-quick bench-growth check up lock docs wheel clean

help: ## Print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/development ## Make .venv with the singlewindow command, what it needs and every development tool, all locked

PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCKED := $(BIN)/python requirements/install.py requirements/

# What running needs, and nothing else.
$(VENV)/runtime: requirements/runtime.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 install"; exit 1; }
	@echo "1 of 3: an empty Python environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@echo "2 of 3: the packages that the single window runs on, about 180 MB on disk"
	@$(LOCKED)runtime.txt
	@echo "3 of 3: the single window itself"
	@$(LOCKED)build.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/development: $(VENV)/runtime requirements/development.txt
	@echo "The packages that testing and development need as well, about 290 MB more"
	@$(LOCKED)development.txt
	@touch $@

demo: $(VENV)/runtime ## Run the main job: lodge the example declarations and watch them decided
	$(BIN)/singlewindow demo

test: install ## Test every part, each test on SQLite or a real PostgreSQL, with a real queue server; some parts with TESTS=tests/unit
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

test-service: install ## Test whole running services, races and the largest messages, and every test of the record on its other database
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m '(service or other_engine) and not faults' -n $(JOBS) --dist worksteal

test-properties: install ## Try every property with ten times as many examples as `make test` does
	HYPOTHESIS_PROFILE=many $(BIN)/python -m pytest -m hypothesis -n $(JOBS) --dist worksteal

test-browser: install ## Test the pages in a real browser (you need Chromium: `apt-get install chromium`)
	$(BIN)/python -m pytest -m browser tests/browser

test-wheel: install ## Build the wheel, install it outside the checkout and run it there
	$(BIN)/python -m pytest -m wheel tests/wheel

# Every Python of ours that is found, on the path or among pyenv's.
PYTHONS ?= python3.11 python3.12 python3.13 $(wildcard $(HOME)/.pyenv/versions/3.1[123].*/bin/python)

test-pythons: ## Run the tests (those of TESTS) with each of Python 3.11, 3.12 and 3.13 that is found
	@tested=" "; for python in $(PYTHONS); do \
	  version=$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  case "$$tested" in *" $$version "*) continue;; esac; tested="$$tested$$version "; \
	  echo "Python $$version: $$python"; \
	  $(MAKE) --no-print-directory PYTHON=$$python VENV=.venv-$$version test || exit 1; \
	done; echo "Tested with Python$$tested"

faults: install ## Inject every fault into a running service, two at a time, then those that compare times (about 45 minutes)
	$(BIN)/python -m pytest -m 'faults and not alone' tests/faults -n $(JOBS) --dist worksteal
	$(BIN)/python -m pytest -m 'faults and alone' tests/faults

soak: install ## Inject all faults at random under load, for MINUTES=10
	$(BIN)/python -m tests.faults.soak --minutes $(MINUTES)

conformance: install ## Check in every role that a running service keeps to its OpenAPI document (about 2 minutes)
	$(BIN)/python -m pytest -m conformance tests/conformance

fuzz: install ## Damage 10,000 declarations at random and read them (about 3 minutes)
	SW_FUZZ=10000 SW_FUZZ_SEED=$${SW_FUZZ_SEED:-$$(date +%s)} $(BIN)/python -m pytest -s tests/fuzz

bench: install ## Compare the speed with two rivals and with the floor (5 to 10 minutes)
	$(BIN)/python -m bench

bench-quick: install ## The same, shorter and less exact (less than a minute)
	$(BIN)/python -m bench --plan quick

bench-growth: install ## Measure the cost with a million stored, memory over 100,000, declarations of 9,999 items (15 minutes or more)
	$(BIN)/python -m bench.growth

check: install ## Check style, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

up: $(VENV)/runtime ## Run the whole service on this machine until Ctrl-C
	$(BIN)/singlewindow up

docs: install ## Write the generated files: XSDs, data elements, rules, tables
	$(BIN)/python -m singlewindow.declarations.writing.xsd
	$(BIN)/python -m singlewindow.declarations.writing.dictionary > docs/data-elements.md
	$(BIN)/python -m singlewindow.declarations.rules > docs/rules.md
	$(BIN)/python -m singlewindow.storage.tables.drawing > docs/data-model.md

wheel: $(VENV)/runtime ## Build the package into dist/
	@rm -rf build  # what an earlier build left there would get into the wheel
	$(PIP) wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-emit-find-links

lock: install ## Resolve the dependencies and write their hashes
	$(LOCK) pyproject.toml --output-file requirements/runtime.txt
	$(LOCK) pyproject.toml --extra dev --constraint requirements/runtime.txt --output-file requirements/development.txt
	echo setuptools | $(LOCK) - --constraint requirements/development.txt --output-file requirements/build.txt

clean: ## Remove everything that was installed or built
	rm -rf .venv .venv-3.* build dist ./*.egg-info .mypy_cache .ruff_cache .hypothesis
