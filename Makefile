# Two commands for everybody: `make demo` shows what devkeel does, `make test` proves it. `make clients` fetches the
# clients of npm that some tests want.
PYTHON ?= python3
BIN := .venv/bin
# How many tests run side by side; 0 runs them one after the other, in one process.
WORKERS ?= auto

CLIENTS := tests/conformance

.PHONY: demo test lint type unit clients clean

demo: .venv/ready
	$(BIN)/python -m examples.demo

test: lint type unit

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: .venv/ready
	$(BIN)/mypy

unit: .venv/ready
	$(BIN)/pytest --numprocesses=$(WORKERS) --maxprocesses=8 --dist=loadgroup $(PYTEST_ARGS)

.venv/ready: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@

clients: $(CLIENTS)/node_modules/.package-lock.json

$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package-lock.json
	cd $(CLIENTS) && npm ci --loglevel=error
	touch $@

clean:
	rm -rf $(CLIENTS)/node_modules .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
