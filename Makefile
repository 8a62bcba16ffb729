# Heliograph: everything that one does with a checkout. `make help` lists it.

PYTHON ?= python3
VENV := .venv
# What was done already; a target whose inputs are older than its stamp costs nothing.
STAMPS := .build

RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip install -q --disable-pip-version-check --no-input --require-hashes
CODE := $(wildcard src tests tools bench)
WEB := $(shell find web -name node_modules -prune -o -type f -print 2>/dev/null)
export VENV

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up test lint format bench build-sdk wheel docs requirements clean

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMPS)/runtime $(STAMPS)/sdk  ## Show everything at work on this machine; ONCE=1 ends after the table
	@exec $(RUN) heliograph demo $(if $(ONCE),--once)

up: $(STAMPS)/runtime $(STAMPS)/sdk  ## Run an installation of your own with the bundled push service
	@exec $(RUN) heliograph up --devpush

test: $(STAMPS)/dev $(STAMPS)/sdk lint  ## Set up what the tests need (browsers too, where allowed) and run all of them
	@tools/node.sh npm test --silent
	@HELIOGRAPH_REQUIRE_BROWSERS=$$(tools/browsers.sh) $(RUN) pytest -q -n 2 --dist loadgroup

lint: $(STAMPS)/dev  ## Check style, types and who may import whom
	@$(RUN) ruff check --quiet .
	@$(RUN) ruff format --check --quiet $(CODE)
	@$(RUN) mypy
	@$(VENV)/bin/lint-imports --no-cache > $(STAMPS)/imports.log || { cat $(STAMPS)/imports.log; exit 1; }

format: $(STAMPS)/dev  ## Rewrite the Python code in the house style
	@$(RUN) ruff check --fix-only --quiet .
	@$(RUN) ruff format $(CODE)

bench: $(STAMPS)/dev  ## Measure, and write bench/RESULTS.md; takes minutes
	@$(RUN) bench.campaigns --write

build-sdk: $(STAMPS)/sdk  ## Build the page script and the service worker module

wheel: $(STAMPS)/dev $(STAMPS)/sdk  ## Build the Python package into dist/
	@$(RUN) pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w dist .
	@ls dist/*.whl

docs: $(STAMPS)/dev  ## Write the generated pages of docs/reference again
	@$(VENV)/bin/python tools/reference.py

requirements: $(STAMPS)/dev  ## Choose newer packages and write the pinned lists again
	@tools/requirements.sh

clean:  ## Remove everything that was built, the virtual environment too
	rm -rf $(VENV) $(STAMPS) dist web/node_modules src/heliograph/static/sdk var
	find . -name __pycache__ -prune -exec rm -rf {} +

$(STAMPS)/venv:
	@mkdir -p $(STAMPS)
	@tools/venv.sh $(PYTHON) $(VENV)
	@touch $@

$(STAMPS)/runtime: $(STAMPS)/venv requirements/runtime.txt requirements/build.txt pyproject.toml
	@echo "· Python packages into $(VENV) (the first time takes a minute)"
	@$(PIP) -r requirements/build.txt -r requirements/runtime.txt
	@$(RUN) pip install -q --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/dev: $(STAMPS)/runtime requirements/dev.txt
	@echo "· Python packages of the tests"
	@$(PIP) --no-build-isolation -r requirements/dev.txt
	@touch $@

$(STAMPS)/web: $(STAMPS)/venv web/package-lock.json
	@echo "· Packages of the browser half"
	@tools/node.sh npm ci --silent --no-audit --no-fund
	@touch $@

$(STAMPS)/sdk: $(STAMPS)/web $(WEB)
	@echo "· Page script and service worker module"
	@tools/node.sh npm run --silent build
	@touch $@
