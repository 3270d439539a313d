# Everything a developer runs. Each target works from nothing; `make help` lists them.
# PYTHON chooses the interpreter, VENV the environment, PYTEST_ARGS what pytest is given,
# PYTEST_WORKERS how many processes share the tests (0: this one alone).

PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
PYTEST_WORKERS ?= auto
BENCH_ARGS ?=
SCALE_ARGS ?=

BIN := $(VENV)/bin
# Twice quiet: errors still show, warnings about the machine's pip settings do not.
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
# --verifytypes does not heed --pythonpath: it asks the first python on PATH.
PYRIGHT = PATH="$(abspath $(BIN)):$$PATH" $(BIN)/pyright
TYPED_EXAMPLES = $(wildcard tests/typing*)

# PYTHON is for making the environment; one that is there keeps its own.
ifneq ($(origin PYTHON),file)
ifneq ($(wildcard $(BIN)/python),)
HAS := $(shell $(BIN)/python -c 'import platform; print(platform.python_version())')
ifneq ($(HAS),$(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null))
$(info $(VENV) has Python $(HAS), and PYTHON=$(PYTHON) is ignored. Run "make clean" first, or pass VENV=other.)
endif
endif
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# All targets share one environment, and two pips in it would trip over each other.
.NOTPARALLEL:
.PHONY: help demo sandbox test doubles contract coverage lint format types docs docs-open pictures wheel bench scale clean

# A line of three hashes and a title begins a group.
help:  ## list the targets
	@sed -n -e 's/^### \(.*\)/\n\1/p' -e 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' Makefile | expand -t 20

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "There is no command '$(PYTHON)'. Try: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 9))' || \
	  { echo "customers_sdk needs Python 3.9 or newer; '$(PYTHON)' is not one. Try: make PYTHON=python3.11 ..." >&2; exit 1; }
	@echo "Making the virtual environment $(VENV)"
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed; on Debian: apt-get install python3-venv" >&2; exit 1; }

# A stamp for each extra: a second run installs nothing until the dependencies change.
# Compat mode is a plain path file, which pyright can follow.
$(VENV)/.extra-%: setup.cfg pyproject.toml | $(BIN)/python
	@echo "Installing customers_sdk[$*] into $(VENV)"
	@$(PIP) --config-settings editable_mode=compat --editable '.[$*]' || \
	  { echo "Could not install customers_sdk[$*]: check the network or the proxy, then run make again." >&2; exit 1; }
	@touch $@

$(VENV)/.tool-%: | $(BIN)/python
	@echo "Installing $* into $(VENV)"
	@$(PIP) $*
	@touch $@

### Try it
demo: $(VENV)/.extra-sandbox  ## run all methods against a local sandbox
	@$(BIN)/python docs/examples/demo.py

sandbox: $(VENV)/.extra-sandbox  ## the service on this machine, with a console in the browser
	@$(BIN)/python -m customers_sdk.sandbox

### Work on it
test: $(VENV)/.extra-test  ## run the tests (PYTEST_ARGS="-k name")
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal $(PYTEST_ARGS)

doubles: $(VENV)/.extra-doubles  ## run the tests with test doubles and instruments of others
	@$(BIN)/python -m pytest tests/ecosystem $(PYTEST_ARGS)

contract: export NODERAILS_API_KEY = $(KEY)
contract: $(VENV)/.extra-sandbox  ## compare the sandbox with the recordings (SERVICE=URL KEY=...: a service)
	@$(BIN)/python tools/contract.py $(if $(SERVICE),--service $(SERVICE)) $(if $(APP),--app $(APP))

coverage: $(VENV)/.extra-test  ## run the tests and report what they reach
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest $(PYTEST_ARGS)
	@$(BIN)/python -m coverage combine -q
	@$(BIN)/python -m coverage report

lint: $(VENV)/.extra-lint  ## ruff: rules and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.extra-lint  ## let ruff fix what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.extra-types  ## mypy --strict, and every public name typed
	@$(BIN)/mypy --strict customers_sdk $(TYPED_EXAMPLES)
	@$(if $(TYPED_EXAMPLES),$(PYRIGHT) $(TYPED_EXAMPLES))
	@$(PYRIGHT) --verifytypes customers_sdk --ignoreexternal

docs: $(VENV)/.extra-docs  ## build the documentation, warnings are errors
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	@echo "Built docs/_build/html/index.html"

docs-open: docs  ## build the documentation and open it in a browser
	@$(BIN)/python -m webbrowser -t "file://$(abspath docs/_build/html/index.html)"

pictures: $(VENV)/.extra-all  ## draw the documentation's pictures of the terminal
	@$(BIN)/python tools/pictures.py

### Build and measure
wheel: $(VENV)/.tool-build  ## build the wheel and the source distribution
	@$(BIN)/python tools/build.py dist

bench: $(VENV)/.extra-bench  ## measure against the peers (BENCH_ARGS=...)
	@$(BIN)/python -m bench $(BENCH_ARGS)

scale: $(VENV)/.extra-scale  ## import and export by the 100,000, and Celery (SCALE_ARGS=50: a fiftieth)
	@$(BIN)/python -m bench.scale $(SCALE_ARGS)

clean:  ## remove the environment and everything built
	@rm -rf $(VENV) build dist docs/_build htmlcov .coverage .coverage.* \
	  .mypy_cache .pytest_cache .ruff_cache *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
