# The one door. Every target sets up what it needs on a machine that has Python 3.11+ and a C++ compiler.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/stamps
WEB    := $(wildcard web/*.json web/*.ts web/*.js web/*.html) $(shell find web/src -type f 2>/dev/null)
NATIVE := CMakeLists.txt pyproject.toml $(wildcard native/*)

.PHONY: help setup web browser demo test lint format bench docs clean

help:            ## Show this help
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(STAMPS)/kernel $(STAMPS)/web  ## Make the virtual environment, build the kernel and the page

web: $(STAMPS)/web  ## Build the page

demo: setup      ## Train on MovieLens (a Python package ships it), show neighbours, clusters and a map
	$(BIN)/firth demo --out runs/demo-movielens --replace

test: setup browser  ## Run every check that CI runs: lint, types, tests
	$(MAKE) lint
	$(BIN)/pytest

lint: setup      ## Check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror native/*.hpp native/*.cpp
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix web run --silent check

format: setup    ## Format Python and C++
	$(BIN)/ruff format .
	$(BIN)/clang-format -i native/*.hpp native/*.cpp
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix web run --silent format

bench: setup     ## Measure every claim of benchmarks/RESULTS.md (needs ../shared/data)
	$(BIN)/python benchmarks/run_all.py

docs: setup      ## Regenerate the command line reference
	$(BIN)/python docs/generate_cli.py

clean:           ## Remove everything that was built
	rm -rf $(VENV) build dist web/node_modules src/firth/explorer/static

$(STAMPS)/venv:
	scripts/prerequisites.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	mkdir -p $(STAMPS) && touch $@

$(STAMPS)/packages: $(STAMPS)/venv pyproject.toml
	$(BIN)/python scripts/dependencies.py | xargs -d '\n' $(BIN)/python -m pip install --quiet
	touch $@

$(STAMPS)/kernel: $(STAMPS)/packages $(NATIVE)
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	touch $@

$(STAMPS)/web: $(STAMPS)/venv scripts/web.sh $(WEB)
	scripts/web.sh $(BIN)
	touch $@

browser:
	scripts/browser.sh
