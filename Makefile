# The one door. Every target sets up what it needs on a machine that has Python 3.11+ and a C++ compiler.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/stamps
NATIVE := CMakeLists.txt pyproject.toml $(wildcard native/*)

.PHONY: help setup demo test lint format bench docs clean

help:            ## Show this help
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(STAMPS)/kernel  ## Make the virtual environment and build the kernel

demo: setup      ## Train on MovieLens (a Python package ships it), show neighbours, clusters and a map
	$(BIN)/firth demo --out runs/demo-movielens --replace

test: setup      ## Run every check that CI runs: lint, types, tests
	$(MAKE) lint
	$(BIN)/pytest

lint: setup      ## Check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror native/*.hpp native/*.cpp

format: setup    ## Format Python and C++
	$(BIN)/ruff format .
	$(BIN)/clang-format -i native/*.hpp native/*.cpp

bench: setup     ## Measure every claim of benchmarks/RESULTS.md (needs ../shared/data)
	$(BIN)/python benchmarks/run_all.py

docs: setup      ## Regenerate the command line reference
	$(BIN)/python docs/generate_cli.py

clean:           ## Remove everything that was built
	rm -rf $(VENV) build dist

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
